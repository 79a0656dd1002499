"""The new data folder: empty before, marked while a recovery is under way, the keys in place.

While the mark lies there everything in the folder is the recovery's own, and `up` refuses it:
so a recovery that died is begun again over what it has left.
"""

import os
import shutil
import signal
from pathlib import Path

import orjson
from django.utils.translation import gettext as _

from access.keyfiles import write_whole
from config.places import Places
from config.recovering.errors import NotEmpty
from config.recovering.source import FoundSet
from controlplane.sealing import AUDIT_HEAD, LEFT_OUT
from faults import reach
from machine.leftovers import end_leftovers

# What loading the settings makes by itself.
DJANGO_KEY = "django-secret.key"
# A copy of the artifacts may have been brought to its old place already; and the lock is ours.
BESIDE = ("vault", "up.lock", "logs", "run")


def is_fresh(places: Places) -> bool:
    """Whether nothing of an installation is in the data folder."""
    there = {path.name for path in places.data.iterdir()} - set(BESIDE)
    if there - {"keys"}:
        return False
    keys = {path.name for path in places.keys.iterdir()} if places.keys.exists() else set()
    return keys <= {DJANGO_KEY}


def marked_set(places: Places) -> str | None:
    """The set whose keys are in place; empty when a recovery began, and did not come so far."""
    try:
        told = orjson.loads(places.recovering.read_bytes())
        return str(told["set"]) if told["keys"] else ""
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError):
        return ""


def place_keys(places: Places, found: FoundSet) -> None:
    """Mark the folder and put the keys in it. Raises NotEmpty; safe to repeat."""
    if marked_set(places) is None and not is_fresh(places):
        raise NotEmpty(
            _("Something is in %s already. Recover into an empty folder: set HOLDFAST_DATA_DIR.")
            % places.data
        )
    _mark(places, found, keys=False)
    reach("recover.marked")
    forget_records(places)
    shutil.rmtree(places.keys, ignore_errors=True)
    places.keys.mkdir(mode=0o700)
    for name, body in found.keys.items():
        folder, _slash, file = name.rpartition("/")
        is_key = folder == "keys" and file == Path(file).name and file != LEFT_OUT
        if is_key and not file.startswith("."):
            write_whole(places.keys / file, body)
    place_audit_head(places, found)
    reach("recover.keys-placed")
    _mark(places, found, keys=True)


def place_audit_head(places: Places, found: FoundSet) -> None:
    """The end of the audit as the set knows it: a try before may have moved it on, along records
    that are forgotten now."""
    if AUDIT_HEAD in found.keys:
        write_whole(places.data / AUDIT_HEAD, found.keys[AUDIT_HEAD])


def forget_records(places: Places) -> None:
    """Remove the embedded server's data that an earlier try has left."""
    if places.postgres.exists():
        end_leftovers(places.postgres, program="postgres", stop=signal.SIGINT, seconds=30)
        shutil.rmtree(places.postgres)


def finish(places: Places) -> None:
    places.recovering.unlink()


def leave_nothing(places: Places) -> None:
    """Take away what loading the settings made, where a recovery into a fresh folder is refused."""
    for path in (places.keys / DJANGO_KEY, places.lock):
        path.unlink(missing_ok=True)
    for folder in (places.keys, places.data):
        try:
            folder.rmdir()
        except OSError:
            return


def _mark(places: Places, found: FoundSet, *, keys: bool) -> None:
    write_whole(places.recovering, orjson.dumps({"set": str(found.id), "keys": keys}))
    descriptor = os.open(places.data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
