"""A whole fingerprint, of a source beside its dump or of a restored copy."""

from collections.abc import Callable
from typing import Any

import psycopg

from backups.engines.postgres.connection import named_failure
from backups.engines.postgres.fingerprints import ALGORITHM
from backups.engines.postgres.fingerprints.objects import mark_extensions, mark_objects
from backups.engines.postgres.fingerprints.sequences import (
    Positions,
    mark_database,
    mark_large_objects,
    mark_roles,
    mark_sequences,
    positions,
)
from backups.engines.postgres.fingerprints.snapshot import Table
from backups.engines.postgres.fingerprints.tables import By, mark_tables

# What there is besides tables; a dump of some tables promises none of it.
PARTS = frozenset({"objects", "extensions", "sequences", "large_objects"})


def take_fingerprint(
    session: psycopg.Connection[Any],
    tables: list[Table],
    *,
    by: By = "hash",
    parts: frozenset[str] = PARTS,
    like: dict[str, Any] | None = None,
    stood: Positions | None = None,
    on_table: Callable[[str], None] = lambda _name: None,
) -> dict[str, Any]:
    """The fingerprint of what the session sees, its settings pinned (see `snapshot.pin`).

    `like` is the source's fingerprint: of a copy the same is marked, in the same ways. `stood`
    is where the sequences stood before the dump began; without it, where they stand now. Plain
    JSON. Raises BackupError.
    """
    wanted: dict[str, By] = {}
    algorithm = ALGORITHM
    if like is not None:
        algorithm = like["algorithm"]
        wanted = {name: mark["by"] for name, mark in like["tables"].items()}
        parts = parts & like.keys()
    takers: dict[str, Callable[[], Any]] = {
        "sequences": lambda: mark_sequences(
            session,
            {table.full_name for table in tables},
            positions(session) if stood is None else stood,
        ),
        "objects": lambda: mark_objects(session, algorithm=algorithm),
        "extensions": lambda: mark_extensions(session),
        "large_objects": lambda: mark_large_objects(session),
    }
    try:
        return {
            "algorithm": algorithm,
            "major": session.info.server_version // 10000,
            "roles": mark_roles(session),
            "database": mark_database(session),
            **{part: take() for part, take in takers.items() if part in parts},
            "tables": mark_tables(session, tables, by=by, wanted=wanted, on_table=on_table),
        }
    except psycopg.Error as error:
        raise named_failure(str(error)) from error
