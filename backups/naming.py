"""What the files of a backup are called: for people, and at the storage."""

import re
import uuid

from backups.engines import Dump
from backups.models import Backup, Copy
from storage.keys import slug

EXTENSIONS = ("dump.age", "dump.zst.age")
SHEET = "RESTORE.txt"
REGISTRY = "registry.json"
# Holdfast's own backups. No database's folder is called so: those end in eight hex digits.
ITSELF = "holdfast-itself"


def base_name(backup: Backup) -> str:
    """DB_YYYYMMDDTHHMMSSZ[_label]"""
    label = f"_{backup.label}" if backup.label else ""
    return f"{slug(backup.database.name)}_{backup.created_at:%Y%m%dT%H%M%SZ}{label}"


def artifact_key(backup: Backup, attempt: int) -> str:
    """Where the artifact goes, without its extension.

    A folder for each run and attempt, sorting by time; in it the file keeps the name that people
    know, so that the manifest's commands fit a downloaded file too. All of it comes from what the
    request wrote down: a database that is renamed meanwhile does not move its running backup.
    """
    database, run, file = _parts(backup)
    return f"{database}/{run}-{attempt}/{file}"


def _parts(backup: Backup) -> tuple[str, str, str]:
    stamp = f"{backup.created_at:%Y%m%dT%H%M%SZ}"
    database = backup.file_name.split(f"_{stamp}")[0]
    run = f"{stamp}-{_short(backup.pk)}"
    return f"{database}-{_short(backup.database_id)}", run, backup.file_name


def copy_key(copy: Copy, attempt: int) -> str:
    """Where a further copy goes: a folder for each run and attempt, beside those of the dumps."""
    database, run, _file = _parts(copy.backup)
    assert copy.file_id is not None
    return f"{database}/{run}-c{_short(copy.file_id)}-{attempt}/{copy.backup.file_name}"


def sheet_key(key: str) -> str:
    """Where the restore sheet of an artifact's database lies: in the folder above its run's."""
    return f"{key.split('/')[0]}/{SHEET}"


def is_of_holdfast_itself(key: str) -> bool:
    """Whether it is no backup of a database, and none's orphan: its own set, or what is derived."""
    return key.startswith(f"{ITSELF}/") or key == REGISTRY


def extension(dump: Dump) -> str:
    return f"{dump.extension}.age" if dump.compressed_inside else f"{dump.extension}.zst.age"


# What `artifact_key` and `copy_key` make. Nothing else at a storage is taken for ours.
_OURS = re.compile(
    r"[A-Za-z0-9_-]+-[0-9a-f]{8}/"
    r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}(-c[0-9a-f]{8})?-[0-9]+/"
    r"[A-Za-z0-9][A-Za-z0-9._-]*\.(dump\.age|dump\.zst\.age)"
)


def is_artifact_key(key: str) -> bool:
    """Whether the key is one that Holdfast gives to artifacts."""
    return _OURS.fullmatch(key) is not None


def _short(identity: uuid.UUID) -> str:
    return identity.hex[:8]
