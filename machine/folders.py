"""Folders of the product's own: made with one owner and mode, verified when there.

A folder that the product did not make is never changed: it is refused with a sentence.
"""

import hashlib
import os
import pwd
import stat
from pathlib import Path

from machine.account import Account
from machine.errors import FolderUnsafe

# initdb hands paths to a shell inside double quotes.
UNQUOTABLE = frozenset('"$`\\\n')
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")
LONGEST_SOCKET_PATH = 100


def place_for_sockets(folder: Path) -> Path:
    """Where the sockets of what lives in `folder` lie: inside, unless that path is too long."""
    inside = folder / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME < LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    # Not TMPDIR: a command in another shell must look in the same place.
    return Path("/tmp") / f"holdfast-{os.getuid()}-{digest}"  # noqa: S108 - verified when used


def private_folder(path: Path, account: Account) -> None:
    """Make sure that `path` is a real folder of this account's, mode 0700.

    It may lie in /tmp, where others can make things too: nothing is followed, and a folder
    of somebody else's is refused.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise FolderUnsafe(
            f"{path} must be a folder of Holdfast's own and is not ({error.strerror}). "
            "Remove it and start again."
        ) from error
    try:
        _claim(descriptor, path, account)
    finally:
        os.close(descriptor)


def own_folder(path: Path, mode: int) -> None:
    """Make a folder of the product's own user, with exactly this mode, if it is missing."""
    try:
        path.mkdir()
    except FileExistsError:
        return
    path.chmod(mode)


def _claim(descriptor: int, path: Path, account: Account) -> None:
    found = os.fstat(descriptor)
    if found.st_uid == os.geteuid() != account.uid:
        # Made by us just now, or by a start that was killed before this line.
        os.fchown(descriptor, account.uid, account.gid)
        found = os.fstat(descriptor)
    if found.st_uid != account.uid:
        raise FolderUnsafe(
            f"{path} belongs to {owner_name(found.st_uid)}, not to {account.name}. "
            "Remove it and start again."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        raise FolderUnsafe(
            f"{path} has mode {stat.S_IMODE(found.st_mode):o}; others could get in. "
            f"Close it: chmod 700 {path}"
        )


def owner_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
