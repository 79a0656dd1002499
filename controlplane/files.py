"""What a set consists of, and what its manifest says: no database, no settings.

DUMP, the records, for the standing keys; KEYS, a tar for the recovery key alone; the manifest,
written last and removed first.
"""

import io
import tarfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from backups.naming import EXTENSIONS, ITSELF

FORMAT = 1
KIND = "control-plane"
MANIFEST = ".manifest.json"
KEYS = ".keys.tar.age"
LARGEST_KEYS = 4 << 20
MEMBER_OF_SET = "set.json"


@dataclass(frozen=True)
class Names:
    """Keys of the files of one set."""

    base: str

    @classmethod
    def of(cls, set_id: uuid.UUID, created_at: datetime) -> "Names":
        stamp = f"{created_at:%Y%m%dT%H%M%SZ}"
        return cls(f"{ITSELF}/{stamp}-{set_id.hex[:8]}/holdfast_{stamp}")

    @property
    def manifest(self) -> str:
        return self.base + MANIFEST

    @property
    def keys(self) -> str:
        return self.base + KEYS

    def dump(self, extension: str) -> str:
        return f"{self.base}.{extension}"

    @property
    def all(self) -> list[str]:
        """In the order in which they are removed."""
        return [self.manifest, self.keys, *(self.dump(one) for one in EXTENSIONS)]


def pack(members: Mapping[str, bytes]) -> bytes:
    """A tar of these files, each for its owner alone."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            tar.addfile(info, io.BytesIO(content))
    return body.getvalue()


def unpack(body: bytes) -> dict[str, bytes]:
    """The plain files of a tar by name, nothing else that one can hold. Raises tarfile.TarError."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                found[member.name] = file.read()
    return found


def encode(manifest: dict[str, Any]) -> bytes:
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n"
