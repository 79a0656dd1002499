"""What a file is, by its content; a name is never asked."""

import re
from typing import Any

from django.utils.translation import gettext as _

from backups.engines.postgres.outside.inventory import Inventory, take_inventory
from backups.engines.postgres.outside.script import Script
from backups.engines.postgres.outside.tarball import TOC, Tarball, is_tar
from backups.engines.postgres.toc import MAGIC
from backups.file_errors import Unrecognized
from backups.pipeline import BLOCK_BYTES
from backups.unwrapping import PEEK_BYTES, Opened

# For a person who has given something else.
_OTHERS = (
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"SQLite format 3", "SQLite"),
)
MOST_TABLES = 500
# How far into a tar its table of contents is looked for before a restore is asked for.
LOOKED_THROUGH = 64 << 20
LOOKED_THROUGH_SCRIPT = 4 << 20
HEADLINE = b"-- PostgreSQL database dump\n"
FIRST_LINES = 2000
# The restore itself reads all of it before it begins.
UNKNOWN: dict[str, Any] = {
    "outside": True,
    "compression": "",
    "tool_major": 0,
    "tool_version": "",
    "server_version": "",
    "database": "",
    "zstd_inside": False,
    "items": None,
    "counts": {},
    "tables": [],
    "extensions": [],
    "left_out": [],
}


def format_of(opened: Opened) -> str:
    """custom, plain, or tar (which a directory's tar is, too). Raises Unrecognized."""
    head = opened.reader.peek(PEEK_BYTES)
    if not head:
        raise Unrecognized(_("There is nothing in it."))
    if head.startswith(MAGIC):
        return "custom"
    if is_tar(head):
        return "tar"
    if HEADLINE in head[:FIRST_LINES]:
        return "plain"
    if b"-- PostgreSQL database cluster dump" in head[:FIRST_LINES]:
        raise Unrecognized(_("It is a dump of all databases, by pg_dumpall."))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"-\r\n" in head[:FIRST_LINES]:
        raise Unrecognized(_("It was written as UTF-16, or with the line ends of Windows."))
    for magic, name in _OTHERS:
        if head.startswith(magic):
            raise Unrecognized(_("It is %(name)s, which is not read here.") % {"name": name})
    raise Unrecognized(_("It is none of the formats of pg_dump."))


def recognize(opened: Opened) -> dict[str, Any]:
    """What can be known from its beginning, as a manifest's `contents` (see `archive_contents`)."""
    format_name = format_of(opened)
    if format_name == "custom":
        return archive_contents(opened, "custom", take_inventory(opened.reader))
    if format_name == "plain":
        return _looked_through(opened)
    return _tarred(opened)


def _looked_through(opened: Opened) -> dict[str, Any]:
    head = opened.reader.peek(PEEK_BYTES)
    script = Script()
    size = 0
    while size < LOOKED_THROUGH_SCRIPT and (block := opened.reader.read(BLOCK_BYTES)):
        size += len(block)
        script.feed(block)
    return script_contents(opened, head, script, is_whole=False)


def script_contents(
    opened: Opened, head: bytes, script: Script, *, is_whole: bool
) -> dict[str, Any]:
    """`head` is its beginning, where pg_dump says what it is."""
    made_by = [_said(head, words) for words in (b"by pg_dump version", b"from database version")]
    claimed = re.match(r"\d{1,3}", made_by[0])
    return {
        **UNKNOWN,
        "format": "plain",
        "layers": list(opened.layers),
        "tool_major": int(claimed[0]) if claimed else 0,
        "tool_version": made_by[0],
        "server_version": made_by[1],
        "items": sum(script.counts.values()) if is_whole else None,
        "counts": dict(script.counts.most_common(60)),
        "tables": script.tables[:MOST_TABLES],
        "extensions": sorted(set(script.extensions))[:MOST_TABLES],
        "left_out": script.left_out[:MOST_TABLES],
    }


def _said(head: bytes, words: bytes) -> str:
    match = re.search(rb"^-- Dumped " + words + rb" ([^\r\n]{1,60})", head, re.MULTILINE)
    return match[1].decode("utf-8", "replace") if match else ""


def _tarred(opened: Opened) -> dict[str, Any]:
    tar = Tarball(opened.reader)
    for place, member in enumerate(tar.members()):
        if member.name == TOC:
            # pg_dump writes it first of all; whoever packs a folder, anywhere.
            return archive_contents(opened, "directory" if place else "tar", take_inventory(tar))
        if opened.reader.size > LOOKED_THROUGH:
            break
    return {**UNKNOWN, "format": "directory", "layers": list(opened.layers)}


def archive_contents(opened: Opened, format_name: str, found: Inventory) -> dict[str, Any]:
    head = found.head
    return {
        "outside": True,
        "format": format_name,
        "layers": list(opened.layers),
        "compression": head.compression,
        "tool_major": head.tool_major,
        "tool_version": head.tool_version,
        "server_version": head.server_version,
        "database": head.database,
        "zstd_inside": head.compression == "zstd",
        "items": head.items,
        "counts": dict(found.counts.most_common(60)),
        "tables": found.tables[:MOST_TABLES],
        "extensions": sorted(set(found.extensions))[:MOST_TABLES],
        "left_out": found.left_out[:MOST_TABLES],
    }
