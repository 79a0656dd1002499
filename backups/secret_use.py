"""Entries of the audit for each use of a database's password: who, or which run, and what for."""

from django.db import transaction

from access import audit
from access.policy import Actor, System
from backups.engines import ServerFacts, engine_for
from backups.models import Database
from monitoring.files.claims import Claim


def record_use(*, database: Database, actor: Actor, purpose: str, run: str = "") -> None:
    """Nothing where no password is kept: then none is opened. A form's is not kept yet."""
    if database.password_sealed and not database._state.adding:
        audit.record_secret_use(
            actor=actor, thing=database, company=database.company, purpose=purpose, run=run
        )


def record_use_by_run(*, database: Database, claim: Claim, purpose: str) -> None:
    """Before a run first opens it. Raises ClaimLost: who lost its claim opens nothing."""
    with transaction.atomic():
        claim.hold()
        record_use(
            database=database,
            actor=System("worker"),
            purpose=purpose,
            run=f"{claim.file_id}:{claim.attempt}",
        )


def reach_server(*, database: Database, actor: Actor) -> ServerFacts:
    """Log in there with its password for a person who wants to know. Raises BackupError.

    The entry is written first: what fails has opened the password, too.
    """
    record_use(database=database, actor=actor, purpose="connection test")
    return engine_for(database).test_connection(database)
