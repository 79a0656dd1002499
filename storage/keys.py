"""Keys: names that the server makes. Nothing from outside is ever joined to a path as it is."""

import re
import unicodedata

from storage.errors import BadKey

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
LONGEST_PART = 200
# Sheets are derived and written anew: the only objects that are ever replaced. No row speaks of
# them, no check reads them, and no artifact or manifest can have such a name.
SHEETS = frozenset({"RESTORE.txt", "registry.json"})


def slug(text: str, *, longest: int = 60) -> str:
    """Letters, digits, - and _ of the text; a name of any script becomes usable, never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")[:longest].strip("-_") or "database"


def is_key(key: str) -> bool:
    parts = key.split("/")
    return all(_PART.fullmatch(part) and len(part) <= LONGEST_PART for part in parts)


def check_key(key: str) -> str:
    """The key, when every part of it is a plain name. Raises BadKey.

    A part begins with a letter, digit or _: so there is no `..`, no hidden file and no option.
    """
    if is_key(key):
        return key
    raise BadKey("A storage key may hold letters, digits, dot, dash and underscore only.")


def check_sheet_key(key: str) -> str:
    """The key, when it is a sheet's. Raises BadKey for everything that must never be replaced."""
    if check_key(key).rsplit("/", 1)[-1] in SHEETS:
        return key
    raise BadKey("Only a sheet may be replaced.")
