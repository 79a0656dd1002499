"""Tars that lead elsewhere, hold what is no dump's, or lack what is."""

import io
import re
import struct
import tarfile
from collections.abc import Iterator
from functools import partial

from tests.restores.received.cases import MAJOR, Case, case
from tests.restores.received.dumps import dump


def tarred(*members: tuple[str, bytes, bytes], link: str = "") -> bytes:
    """Of (name, type, body)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, body in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(body), link
            tar.addfile(info, io.BytesIO(body))
    return packed.getvalue()


def _with_member(path: str, kind: bytes) -> bytes:
    body = b"x" if kind == tarfile.REGTYPE else b""
    toc = ("shop/toc.dat", tarfile.REGTYPE, genuine_toc())
    return tarred(toc, (path, kind, body), link="/etc/passwd")


def genuine_toc() -> bytes:
    with tarfile.open(fileobj=io.BytesIO(dump(MAJOR, "directory"))) as tar:
        toc = tar.extractfile("shop/toc.dat")
        assert toc is not None
        return toc.read()


def _toc_that_reads_keys() -> bytes:
    toc = genuine_toc()
    name = next(name for name in sorted(set(_dat_names(toc)), key=len, reverse=True))
    wanted = b"../../etc/passwd"
    old = struct.pack("<i", len(name)) + name
    return toc.replace(b"\0" + old, b"\0" + struct.pack("<i", len(wanted)) + wanted)


def _dat_names(toc: bytes) -> Iterator[bytes]:
    yield from re.findall(rb"\d+\.dat", toc)


def tars() -> Iterator[Case]:
    toc = ("shop/toc.dat", tarfile.REGTYPE)
    for name, kind in (
        ("a symbolic link", tarfile.SYMTYPE),
        ("a hard link", tarfile.LNKTYPE),
        ("a device", tarfile.CHRTYPE),
        ("a pipe", tarfile.FIFOTYPE),
    ):
        yield case(
            name,
            partial(_with_member, "shop/1.dat", kind),
            "file_hostile",
        )
    for path in ("../1.dat", "/etc/1.dat", "shop/../../1.dat", "shop/.bashrc", "other/1.dat"):
        yield case(
            f"a member {path}",
            partial(_with_member, path, tarfile.REGTYPE),
            "file_hostile",
        )
    yield case(
        "a member twice",
        lambda: tarred(*([("shop/1.dat", tarfile.REGTYPE, b"x")] * 2)),
        "file_hostile",
    )
    yield case(
        "a toc that names other files",
        lambda: tarred((*toc, _toc_that_reads_keys())),
        "file_hostile",
    )
    yield case("a toc without its files", lambda: tarred((*toc, genuine_toc())), "file_cut")
    yield case(
        "a list of large objects that names other files",
        lambda: tarred(
            (*toc, genuine_toc()), ("shop/blobs.toc", tarfile.REGTYPE, b"1 ../../../etc/passwd\n")
        ),
        "file_hostile",
    )
    yield case(
        "a name of a thousand letters",
        lambda: tarred(("x" * 1000, tarfile.REGTYPE, b"")),
        "file_hostile",
    )
    yield case(
        "no dump in it", lambda: tarred(("readme", tarfile.REGTYPE, b"hello")), "file_hostile"
    )
    yield case(
        "something behind the tar", lambda: dump(MAJOR, "directory") + b"x" * 600, "file_damaged"
    )
