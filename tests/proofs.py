"""Fingerprints and drills as a run would have left them, for what is shown of them."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from backups import keyring
from backups.models import Backup, Check
from config.places import Places

TABLES: dict[str, Any] = {
    "shop.orders": {"rows": 1204, "sum": "987654321987654321987", "by": "hash"},
    "shop.states": {"rows": 0, "sum": None, "by": "text"},
}


def fingerprint(
    *, count: int | None = None, by: str | None = None, tables: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Of two tables, or of `count` like the first."""
    found = tables or TABLES
    if count is not None:
        found = {f"shop.table_{n:05}": TABLES["shop.orders"] for n in range(count)}
    if by is not None:
        found = {name: {**mark, "by": by, "sum": None} for name, mark in found.items()}
    return {
        "algorithm": 1,
        "major": 15,
        "roles": ["shop"],
        "database": {"encoding": "UTF8"},
        "sequences": {"shop.orders_id_seq": {"last": 1204, "used": 1204, "increment": 1}},
        "objects": {
            "view": {"shop.a": "1" * 12, "shop.b": "2" * 12},
            "relation grants": {"shop.orders": "3" * 12, "shop.states": "4" * 12},
            "function": {},
        },
        "extensions": {"postgis": "3.4"},
        "large_objects": {"rows": 3, "sum": "77"},
        "tables": found,
    }


def with_proof(backup: Backup, marks: dict[str, Any]) -> Backup:
    backup.manifest = {
        "contents": {"fingerprint": marks},
        "restore": {
            "needs": ["age", "zstd", "PostgreSQL client programs"],
            "commands": ["age -d -i holdfast-recovery.agekey FILE | pg_restore --dbname=new"],
        },
    }
    backup.save(update_fields=["manifest"])
    return backup


def marks_of(backup: Backup) -> dict[str, Any]:
    """The fingerprint in the backup's manifest."""
    found: dict[str, Any] = (backup.manifest or {})["contents"]["fingerprint"]
    return found


def difference(kind: str, name: str, said: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "said": said}


def make_drill(backup: Backup, *, age: timedelta = timedelta(minutes=3), **facts: Any) -> Check:
    """A drill that is over, without its tracked file."""
    ended = timezone.now() - age
    values: dict[str, Any] = {
        "level": "restore",
        "status": "completed",
        "created_at": ended - timedelta(minutes=3),
        "started_at": ended - timedelta(minutes=2),
        "completed_at": ended,
        **facts,
    }
    if values["status"] == "completed":
        values.setdefault("restore_seconds", 126.0)
        values.setdefault("server_version", "15.20")
        values.setdefault("system_identifier", "7431000000000000088")
    return Check.objects.create(company=backup.company, backup=backup, **values)


def page(client: Client, backup: Backup, **headers: str) -> str:
    answer = client.get(f"/dashboard/backup/{backup.pk}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    """The page's text in one line, tags gone."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.fixture(autouse=True)
def own_keys(settings: LazySettings, tmp_path: Path) -> None:
    """This server holds its key; a test takes it away."""
    settings.PLACES = Places(tmp_path / "data")
    keyring.make_keys()
