"""Who runs the server programs: an account of their own under root, else the user.

PostgreSQL refuses to run as root, and Redis need not.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine.errors import AccountUnusable

SERVICE_ACCOUNT = "holdfast"


@dataclass(frozen=True)
class Account:
    """An OS account. `switch` tells that a child must change to it first."""

    name: str
    uid: int
    gid: int
    switch: bool

    def can_enter(self, folder: Path) -> bool:
        """Whether the mode bits let this account go into the folder and list it."""
        return self.can_pass(folder.parent) and self._allowed(folder, 0o5)

    def can_pass(self, folder: Path) -> bool:
        """Whether this account can go through the folder to something in it."""
        return all(self._allowed(path, 0o1) for path in [folder, *folder.parents])

    def _allowed(self, path: Path, wanted: int) -> bool:
        try:
            found = path.stat()
        except FileNotFoundError:
            return True
        if found.st_uid == self.uid:
            bits = stat.S_IMODE(found.st_mode) >> 6
        elif found.st_gid == self.gid:
            bits = stat.S_IMODE(found.st_mode) >> 3
        else:
            bits = stat.S_IMODE(found.st_mode)
        return bits & wanted == wanted


def bare_environment() -> dict[str, str]:
    """No variable of the user's (PGPORT, LD_PRELOAD …) decides how a service runs."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def service_account() -> Account:
    """The account for PostgreSQL and Redis, made when root runs this for the first time.

    Raises AccountUnusable when there is none and none can be made.
    """
    if os.geteuid() == 0:
        return _system_account()
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise AccountUnusable(
            f"User id {os.geteuid()} has no name on this machine, and PostgreSQL needs one. "
            "Run Holdfast as a user that /etc/passwd knows, or set DATABASE_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=False)


def _system_account() -> Account:
    entry = _find(SERVICE_ACCOUNT) or _make(SERVICE_ACCOUNT)
    if entry.pw_uid == 0:
        raise AccountUnusable(
            f"The account {SERVICE_ACCOUNT} has root's user id, and PostgreSQL refuses to run as "
            "root. Give it another id, or set DATABASE_URL."
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make(name: str) -> pwd.struct_passwd:
    tool = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    said = "the program useradd was not found"
    if tool:
        done = subprocess.run(
            [
                *(tool, "--system", "--user-group", "--no-create-home"),
                *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stderr.strip() or f"useradd ended with {done.returncode}"
    # Another start may have made the account in the meantime: what counts is that it is there.
    found = _find(name)
    if found is None:
        raise AccountUnusable(
            f"PostgreSQL does not run as root, and the system account {name} for it could not be "
            f"made: {said}. Make it by hand, run Holdfast as an ordinary user, or set DATABASE_URL."
        )
    return found
