"""Finding a set under a folder, and looking at all of it before anything is touched."""

import hashlib
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyrage
from django.utils.translation import gettext as _
from pyrage import x25519

from backups.errors import Corrupt
from backups.naming import ITSELF
from backups.validation import Hashed, decrypt
from config.recovering.errors import CutSet, ForeignSet, NewerVersion, NoSet, WrongKey
from controlplane.files import FORMAT, LARGEST_KEYS, MANIFEST, MEMBER_OF_SET, unpack

LARGEST_MANIFEST = 16 << 20


@dataclass(frozen=True)
class FoundSet:
    """A set whose files are whole. `root` is the storage's folder; `keys` are its opened keys."""

    id: uuid.UUID
    folder: Path
    manifest: dict[str, Any] = field(repr=False)
    manifest_key: str = ""
    manifest_sha256: str = ""
    keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def root(self) -> Path:
        return self.folder.parent.parent

    @property
    def dump(self) -> Path:
        return self.folder / str(self.manifest["artifact"]["file"])

    @property
    def size(self) -> int:
        names = (self.manifest["artifact"], self.manifest["keys"])
        return sum(int(one["size"]) for one in names)


def set_folders(place: Path) -> list[Path]:
    """The folders of whole sets, newest first; `place` is a storage, or one set's folder."""
    if any(place.glob(f"*{MANIFEST}")):
        return [place]
    inside = place if place.name == ITSELF else place / ITSELF
    found = {path.parent for path in inside.glob(f"*/*{MANIFEST}")}
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def choose(place: Path, which: str) -> Path:
    """The newest, or the one whose folder's name begins so. Raises NoSet."""
    if str(place).startswith("s3:/"):
        raise NoSet(
            _("Fetch %(name)s/ from the bucket into a folder first, and name that folder.")
            % {"name": ITSELF}
        )
    folders = set_folders(place.resolve())
    if not folders:
        raise NoSet(
            _(
                "There is no set of Holdfast itself in %(place)s. "
                "Name the folder in which %(name)s/ lies."
            )
            % {"place": place, "name": ITSELF}
        )
    fitting = [folder for folder in folders if folder.name.startswith(which)]
    if not fitting:
        there = ", ".join(folder.name for folder in folders[:10])
        raise NoSet(
            _("There is no set %(which)s. There are: %(there)s") % {"which": which, "there": there}
        )
    return fitting[0]


def open_set(folder: Path, identity: x25519.Identity) -> FoundSet:
    """Read and check every byte of it, and open its keys. Raises RecoveryRefused."""
    path, text = _read_manifest(folder)
    manifest = _checked_manifest(text, folder)
    sealed = _whole(folder, manifest["keys"])
    if len(sealed) > LARGEST_KEYS:
        raise CutSet(_("%s is larger than any keys are.") % manifest["keys"]["file"])
    found = FoundSet(
        id=uuid.UUID(manifest["set"]),
        folder=folder,
        manifest=manifest,
        manifest_key=f"{ITSELF}/{folder.name}/{path.name}",
        manifest_sha256=hashlib.sha256(text).hexdigest(),
        keys=_opened(sealed, identity),
    )
    _check_belonging(found)
    check_dump(found, identity)
    return found


def check_dump(found: FoundSet, identity: x25519.Identity) -> None:
    """Decrypt and decompress all of it into nowhere."""
    taker = _Counting()
    try:
        with found.dump.open("rb", buffering=0) as file:
            open_dump(found, identity, file, taker)
    except OSError as error:
        said = {"file": found.dump.name, "error": error.strerror}
        raise CutSet(_("%(file)s cannot be read: %(error)s") % said) from error
    artifact = found.manifest["artifact"]
    if (taker.size, taker.digest.hexdigest()) != (artifact["plain_size"], artifact["plain_sha256"]):
        raise CutSet(_("What the dump opens to is not what was dumped."))


def open_dump(found: FoundSet, identity: x25519.Identity, file: BinaryIO, taker: Any) -> None:
    """Feed the opened archive to `taker`. Raises CutSet where the file is not the recorded one."""
    source = Hashed(file, lambda _count: None)
    try:
        decrypt(source, taker, found.manifest, identity)
    except Corrupt as error:
        raise CutSet(f"{found.dump.name}: {error}") from error
    source.drain()
    if source.digest.hexdigest() != found.manifest["artifact"]["sha256"]:
        raise CutSet(
            _("%s is not the file that was written: its sha256 differs.") % found.dump.name
        )


class _Counting:
    def __init__(self) -> None:
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.size += len(data)
        self.digest.update(data)
        return len(data)


def _read_manifest(folder: Path) -> tuple[Path, bytes]:
    try:
        [path] = folder.glob(f"*{MANIFEST}")
        with path.open("rb") as file:
            return path, file.read(LARGEST_MANIFEST)
    except (OSError, ValueError) as error:
        raise CutSet(_("The manifest in %s cannot be read.") % folder) from error


def _checked_manifest(text: bytes, folder: Path) -> dict[str, Any]:
    """Raises RecoveryRefused; every value that is used later is of its kind then."""
    try:
        manifest = orjson.loads(text)
        number = manifest["holdfast_control_plane"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ForeignSet(_("The manifest in %s is none of Holdfast itself.") % folder) from None
    if isinstance(number, int) and number > FORMAT:
        raise NewerVersion(_("A newer version of Holdfast made this set; install that one."))
    try:
        uuid.UUID(manifest["set"])
        uuid.UUID(manifest["target"])
        for name in ("artifact", "keys"):
            part = manifest[name]
            if Path(part["file"]).name != part["file"]:
                raise ValueError(name)
            int(part["size"])
            str(part["sha256"])
        kinds = (manifest["migrations"], manifest["contents"], manifest["contents"]["fingerprint"])
        if not all(isinstance(one, dict) for one in kinds):
            raise ValueError("kinds")
        int(manifest["contents"]["tool_major"])
        str(manifest["artifact"]["plain_sha256"])
        bool(manifest["artifact"]["compressed_inside"])
        str(manifest["created_at"])
    except (KeyError, TypeError, ValueError) as error:
        said = _("The manifest in %(folder)s cannot be used: %(error)s")
        raise ForeignSet(said % {"folder": folder, "error": error}) from None
    _check_version(manifest["migrations"], manifest.get("holdfast_version"))
    found: dict[str, Any] = manifest
    return found


def _check_version(applied: dict[str, str], version: object) -> None:
    """Every migration that was applied there must be known here."""
    from django.db.migrations.loader import MigrationLoader

    known = set(MigrationLoader(None).disk_migrations)
    unknown = [(app, name) for app, name in applied.items() if (app, name) not in known]
    if unknown:
        app, name = unknown[0]
        raise NewerVersion(
            _(
                "Holdfast %(version)s made this set, and this version does not know "
                "%(app)s %(name)s."
            )
            % {"version": version, "app": app, "name": name}
        )


def _whole(folder: Path, part: dict[str, Any]) -> bytes:
    """The file's bytes, when they are those that were written. Raises CutSet."""
    path = folder / str(part["file"])
    try:
        if path.stat().st_size != part["size"]:
            raise CutSet(_("%(file)s has another size than was written.") % {"file": path.name})
        body = path.read_bytes()
    except OSError as error:
        said = {"file": path.name, "error": error.strerror}
        raise CutSet(_("%(file)s cannot be read: %(error)s") % said) from error
    if hashlib.sha256(body).hexdigest() != part["sha256"]:
        raise CutSet(_("%s is not the file that was written: its sha256 differs.") % path.name)
    return body


def _opened(sealed: bytes, identity: x25519.Identity) -> dict[str, bytes]:
    try:
        return unpack(pyrage.decrypt(sealed, [identity]))
    except pyrage.DecryptError as error:
        raise WrongKey(
            _("This key does not open the set: it is not its recovery key. (%s)") % error
        ) from None
    except tarfile.TarError as error:
        raise CutSet(_("The keys of the set cannot be unpacked: %s") % error) from error


def _check_belonging(found: FoundSet) -> None:
    """The keys say to which dump they belong."""
    try:
        told = orjson.loads(found.keys[MEMBER_OF_SET])
        fits = (told["set"], told["dump_sha256"]) == (
            str(found.id),
            found.manifest["artifact"]["sha256"],
        )
    except (KeyError, TypeError, orjson.JSONDecodeError):
        fits = False
    if not fits:
        raise ForeignSet(_("The keys and the dump are not of one set."))


def others(place: Path, chosen: Path) -> Iterator[str]:
    """The names of the other sets there, for a person who has to take another one."""
    return (folder.name for folder in set_folders(place.resolve()) if folder != chosen)
