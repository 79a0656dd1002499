"""The records into an empty database: restored in one transaction, compared with the dump."""

from typing import Any

from django.utils.translation import gettext as _
from pyrage import x25519

from backups.engines import Difference
from backups.engines.postgres.connection import Server
from backups.engines.postgres.fingerprints.compare import compare
from backups.engines.postgres.fingerprints.snapshot import held_snapshot
from backups.engines.postgres.fingerprints.taking import take_fingerprint
from backups.engines.postgres.restore import WHOLE, restoring
from config.recovering.errors import Differs, NotEmpty
from config.recovering.source import FoundSet, open_dump
from controlplane.making import own_database
from faults import reach
from monitoring.files.journal import Journal

APPLICATION = "holdfast:recover"

_SOMETHING = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""


def restore_records(found: FoundSet, identity: x25519.Identity) -> bool:
    """Whether that was done now: an earlier try may have come so far. Raises RecoveryRefused,
    BackupError."""
    server = Server.of(own_database())
    if _is_restored(server, found):
        return False
    with (
        found.dump.open("rb", buffering=0) as file,
        restoring(
            server,
            found.manifest["contents"],
            arguments=[*WHOLE, "--no-owner", "--no-acl"],
            application=APPLICATION,
            journal=Journal(),
            on_wait=lambda: None,
        ) as restore,
    ):
        open_dump(found, identity, file, restore)
        restore.finish()
    reach("recover.restored")
    differences = _compare(server, found.manifest["contents"]["fingerprint"])
    if differences:
        named = "; ".join(f"{one.kind} {one.name}: {one.said}" for one in differences[:5])
        raise Differs(_("What was restored is not what was dumped: %s") % named)
    return True


def _is_restored(server: Server, found: FoundSet) -> bool:
    """Raises NotEmpty where something lies that is none of this set."""
    with server.connect(application=APPLICATION) as session:
        row = session.execute(_SOMETHING).fetchone()
        if row is None or not row[0]:
            return False
        # Where our own tables are; nobody else makes things in this database.
        session.execute("SET search_path TO DEFAULT")
        there = session.execute("SELECT to_regclass('controlplane_controlset')").fetchone()
        if there is not None and there[0] is not None:
            query = "SELECT 1 FROM controlplane_controlset WHERE id = %s"
            if session.execute(query, [found.id]).fetchone() is not None:
                return True
    raise NotEmpty(
        _("The database %s is not empty. Recover into a new one: CREATE DATABASE …")
        % server.database
    )


def _compare(server: Server, marks: dict[str, Any]) -> list[Difference]:
    like = {name: part for name, part in marks.items() if name not in ("objects", "extensions")}
    with held_snapshot(
        server,
        application=APPLICATION,
        wanted=lambda _schema, _name: True,
        lock_wait="10s",
    ) as snapshot:
        copy = take_fingerprint(snapshot.session, snapshot.tables, like=like)
    return compare(like, copy)
