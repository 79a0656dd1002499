"""The installation's data folder: made with the right owner and mode, verified when there.

A folder that the product did not make is never changed: it is refused with a sentence.
"""

import os
import stat

from config.places import Places
from machine.account import Account
from machine.errors import FolderUnsafe
from machine.folders import UNQUOTABLE, owner_name


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
            f"{places.data} belongs to {owner_name(found.st_uid)}. Run Holdfast as that user, "
            "or set HOLDFAST_DATA_DIR to a folder of your own."
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
