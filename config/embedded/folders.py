"""The installation's folders: made with the right owner and mode, verified when there.

A folder that the product did not make is never changed: it is refused with a sentence.
"""

import os
import pwd
import stat
from pathlib import Path

from config.embedded.account import Account
from config.embedded.errors import FolderUnsafe
from config.places import Places

# initdb hands paths to a shell inside double quotes.
UNQUOTABLE = frozenset('"$`\\\n')


def make_data_folder(places: Places) -> None:
    """Make the data folder when it is missing.

    Under root it can be passed through (0711), since the service account's folders lie in
    it; everything in it has a mode of its own. Existing folders are left as they are.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    missing = [path for path in [places.data, *places.data.parents] if not path.exists()]
    for folder in reversed(missing):
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode if folder == places.data else 0o755)


def check_data_folder(places: Places, account: Account) -> None:
    """Raise FolderUnsafe when the data folder is not ours alone to write, or unreachable."""
    if set(str(places.data)) & UNQUOTABLE:
        raise FolderUnsafe(
            f"{places.data}: PostgreSQL's own programs cannot work in a folder with such a name. "
            "Set HOLDFAST_DATA_DIR to one without quotes, $, ` or backslash."
        )
    found = places.data.stat()
    if not places.data.is_dir():
        raise FolderUnsafe(f"{places.data} is not a folder. Set HOLDFAST_DATA_DIR to another.")
    if found.st_uid != os.geteuid():
        raise FolderUnsafe(
            f"{places.data} belongs to {_name(found.st_uid)}. Run Holdfast as that user, or set "
            "HOLDFAST_DATA_DIR to a folder of your own."
        )
    if found.st_mode & stat.S_IWOTH:
        raise FolderUnsafe(
            f"Everyone may write to {places.data}. Take that away: chmod o-w {places.data}"
        )
    if account.switch and not account.can_pass(places.data):
        raise FolderUnsafe(
            f"The account {account.name}, which runs PostgreSQL and Redis for root, cannot reach "
            f"{places.data}. Set HOLDFAST_DATA_DIR to a folder that other accounts can pass "
            "through (such as /var/lib/holdfast/main), or open the way to this one yourself."
        )


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
            f"{path} belongs to {_name(found.st_uid)}, not to {account.name}. "
            "Remove it and start again."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        raise FolderUnsafe(
            f"{path} has mode {stat.S_IMODE(found.st_mode):o}; others could get in. "
            f"Close it: chmod 700 {path}"
        )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
