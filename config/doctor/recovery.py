"""Checks of what a restore needs: the owner's recovery key, and a place to practise in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from config.doctor.results import Examination, Result, bad, ok, warning

NAME = "recovery key"
MEBIBYTE = 1024 * 1024


def check_recovery_key(examination: Examination) -> Iterator[Result]:
    """Whether the backups open on the day that this machine is gone. Makes no keys."""
    path = examination.places.keys / "recovery.agekey"
    has_public = path.with_suffix(".agepub").exists() or examination.environment.recovery_recipient
    if examination.database_error is not None or not has_public:
        if path.exists():
            yield _still_here(path)
        return
    from access.policy import System
    from backups.recovery.state import key_state, targets_beside_key

    state = key_state()
    if not state.is_downloaded:
        yield warning(
            NAME,
            _("It was never downloaded: who loses this machine loses the backups with it."),
            _("Open the page Recovery key, or run: manage.py recovery_key export FILE"),
        )
    elif not state.is_ready:
        yield warning(
            NAME,
            _("Nobody has tried a copy of it."),
            _("Open the page Recovery key, or run: manage.py recovery_key rehearse"),
        )
    elif state.secret_here:
        yield _still_here(path)
    else:
        tried = f"{state.key.rehearsed_at:%Y-%m-%d}"
        yield ok(NAME, _("a copy was tried on %s; its secret half is not here") % tried)
    for target in targets_beside_key(actor=System("doctor")):
        yield warning(
            NAME,
            _("It lies on the disk of the artifacts of %s: what takes one takes the other.")
            % target.name,
            _("Try your copy, then take the key away: manage.py recovery_key remove"),
        )


def _still_here(path: Path) -> Result:
    return warning(
        NAME,
        _("The recovery key is still on this machine: %s") % path,
        _("Try your copy, then take it away: manage.py recovery_key remove"),
    )


def check_own_backup(examination: Examination) -> Iterator[Result]:
    """Whether Holdfast itself comes back; and whether a recovery here came to its end."""
    name = _("own backup")
    if examination.places.recovering.exists():
        yield bad(
            name,
            _("A recovery was begun in this data folder and did not end."),
            _("Repeat the command: manage.py recover --from … --key …"),
        )
    if examination.database_error is not None:
        return
    from controlplane.selectors import standing

    found = standing()
    if found.is_stale:
        yield bad(
            name,
            _("There is none of the last two days."),
            _("Run: manage.py holdfast backup; the page Recovery key, Holdfast's own backup."),
        )
    elif found.age is None:
        yield warning(name, _("There is none yet."), _("Run: manage.py holdfast backup"))
    else:
        hours = int(found.age.total_seconds() // 3600)
        yield ok(name, _("the newest is %s hours old") % hours)
    for said in found.warnings:
        yield warning(name, said, _("See docs/recovery.md."))


def check_drills(examination: Examination) -> Iterator[Result]:
    """Whether a backup can be restored here, to prove it."""
    from backups.engines.postgres.clients import discover
    from backups.keyring import can_read
    from machine import confinement

    majors = sorted({clients.major for clients in discover() if clients.has_server})
    if not majors:
        yield warning(
            "drills",
            _("There are no programs of a PostgreSQL server: no backup can be proven here."),
            _("Install the requirements again, or the distribution's postgresql."),
        )
        return
    yield _drill_room(examination, ", ".join(map(str, majors)))
    if not can_read():
        yield ok("drills", _("Public keys only: a backup is proven in its own run, or never."))
    if not confinement.version():
        yield warning(
            "drills",
            _("The kernel cannot confine a drill's server (Landlock)."),
            _("Linux 5.13 or newer can. Until then drill databases that you trust only."),
        )


def _drill_room(examination: Examination, majors: str) -> Result:
    from backups.engines.postgres.throwaway import EMPTY_BYTES, drill_folder

    folder = drill_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = _("PostgreSQL %(majors)s; %(free)s MiB free in %(folder)s") % {
        "majors": majors,
        "free": free // MEBIBYTE,
        "folder": folder,
    }
    elsewhere = _("Set HOLDFAST_DRILL_DIR to a folder with room.")
    if not os.access(there, os.W_OK):
        return bad("drills", _("Nothing can be written in %s.") % there, elsewhere)
    if free < EMPTY_BYTES + examination.environment.disk_reserve_mb * MEBIBYTE:
        return warning("drills", found, elsewhere)
    return ok("drills", found)
