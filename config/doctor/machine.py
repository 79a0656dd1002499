"""Checks of this machine: Python, who runs this, the data folder, its disk, the keys."""

import os
import pwd
import shutil
import stat
import sys
from collections.abc import Iterator

from django.utils.translation import gettext as _

from config.doctor.results import Examination, Result, bad, ok, warning

OLDEST_PYTHON = (3, 11)
MEBIBYTE = 1024 * 1024


def check_python(_examination: Examination) -> Iterator[Result]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield bad("python", version, _("Install Python 3.11 or newer."))
    else:
        yield ok("python", version)


def check_user(_examination: Examination) -> Iterator[Result]:
    if os.geteuid() == 0:
        yield warning(
            "user",
            _("Holdfast runs as root."),
            _("It works, but an ordinary user is enough and safer."),
        )
    else:
        yield ok("user", _user_name(os.geteuid()))


def check_data_folder(examination: Examination) -> Iterator[Result]:
    folder = examination.places.data
    if not folder.is_dir():
        yield bad("data folder", _("%s does not exist.") % folder, _("Start Holdfast: make run"))
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        yield bad(
            "data folder",
            _("%(folder)s belongs to %(user)s.")
            % {"folder": folder, "user": _user_name(found.st_uid)},
            _("Run this as that user, or set HOLDFAST_DATA_DIR."),
        )
    elif found.st_mode & stat.S_IWOTH:
        yield bad(
            "data folder",
            _("Everyone may write to %s.") % folder,
            _("Take that away: chmod o-w %s") % folder,
        )
    else:
        yield ok("data folder", str(folder))


def check_disk(examination: Examination) -> Iterator[Result]:
    folder = examination.places.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // MEBIBYTE
    reserve = examination.environment.disk_reserve_mb
    found = _("%(free)s MiB free, %(reserve)s MiB are kept in reserve") % {
        "free": free,
        "reserve": reserve,
    }
    if free <= reserve:
        yield bad("disk", found, _("Make room on the disk of %s: no backup is begun.") % folder)
    elif free < reserve * 4:
        yield warning("disk", found, _("Make room on the disk of %s soon.") % folder)
    else:
        yield ok("disk", found)


def check_keys(examination: Examination) -> Iterator[Result]:
    folder = examination.places.keys
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except FileNotFoundError:
        files = []
    except PermissionError:
        yield bad("keys", _("%s cannot be read.") % folder, _("Run this as its owner."))
        return
    if not files:
        yield bad("keys", _("There are no keys in %s.") % folder, _("Start Holdfast: make run"))
        return
    loose = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in loose:
        yield bad(
            "keys",
            _("Others may read %s.") % path,
            _("Close it: chmod 600 %s") % path,
        )
    if not loose:
        yield ok("keys", _("%s key files, readable by their owner only") % len(files))
    if not (folder / "installation.agekey").exists() and (folder / "installation.agepub").exists():
        yield ok("keys", _("Public keys only: this server cannot read the backups it has made."))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
