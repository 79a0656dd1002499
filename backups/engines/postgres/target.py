"""Restoring to a server of the user's: beside everything that is there, and then named.

The draft's name is ours alone and holds nothing of the user's. What it became after a crash between
the rename and our own commit is told by the server's id of it, which no rename changes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from backups.engines import Difference, Pair, RestoreOptions, Swap
from backups.engines.postgres.bringing import bringing_archive
from backups.engines.postgres.connection import Server, named_failure
from backups.engines.postgres.fingerprints.compare import compare
from backups.engines.postgres.fingerprints.snapshot import held_snapshot
from backups.engines.postgres.fingerprints.taking import take_fingerprint
from backups.engines.postgres.outside.bringing import bringing_by_guest
from backups.engines.postgres.outside.guest import forget_roles
from backups.engines.postgres.preparation import (
    give_database,
    locale_of,
    make_database,
    make_schemas,
)
from backups.engines.postgres.properties import move_beside, rehearse, write_comment
from backups.engines.postgres.replaceable import refuse_bound
from backups.engines.postgres.selection import as_wide, is_part, promised
from backups.engines.postgres.sinks import Bringing
from backups.engines.postgres.swap import Change, change_names, elsewhere, swap_names
from backups.errors import TargetExists, TargetMissing
from monitoring.files.journal import Journal

DRAFT = "A draft of a restore by Holdfast; it may be dropped."


class PostgresRestoration:
    """See `backups.engines.Restoration`."""

    def __init__(
        self,
        server: Server,
        bringing: Bringing,
        marks: dict[str, Any] | None,
        *,
        name: str,
        replaces: bool,
        draft: str,
        run: str,
        options: RestoreOptions,
        is_part: bool,
    ) -> None:
        self.is_published = False
        self._replaces = replaces
        self._pair: Pair | None = None
        self.compared = (0, 0)
        self._is_part = is_part
        self._server = server
        self._bringing = bringing
        self._marks = marks
        self._name = name
        self._draft = draft
        self._run = run
        self._options = options

    def write(self, data: bytes, /) -> int:
        return self._bringing.write(data)

    def finish(self) -> None:
        self._bringing.finish()

    @property
    def made_roles(self) -> list[str]:
        return self._bringing.made_roles

    def share(self) -> float | None:
        return self._bringing.share()

    def compare(self, *, on_table: Callable[[str], None]) -> list[Difference]:
        if self._marks is None:
            return []
        there = replace(self._server, database=self._draft)
        choice = self._bringing.choice
        in_part = choice is not None and (self._is_part or not choice.is_all)
        marks = self._marks
        if choice is not None and in_part:
            marks = promised(marks, choice, schema_only=self._options.schema_only)
        with held_snapshot(
            there,
            application=self._run,
            wanted=lambda schema, name: not in_part or f"{schema}.{name}" in marks["tables"],
            lock_wait="60s",
        ) as snapshot:
            major = snapshot.session.info.server_version // 10000
            # Of other roles nothing can be compared: their names are part of each grant.
            grants = self._options.keeps_grants and not self._options.role_map
            marks = comparable(marks, major=major, grants=grants)
            copy = take_fingerprint(
                snapshot.session, snapshot.tables, like=marks, on_table=on_table
            )
        rows = sum(mark["rows"] for mark in marks["tables"].values())
        self.compared = (len(marks["tables"]), rows)
        return compare(marks, as_wide(copy, marks) if in_part else copy)

    @property
    def counted(self) -> dict[str, int | None]:
        return self._bringing.counted

    def settle(self) -> None:
        if self._options.analyze:
            with replace(self._server, database=self._draft).connect(
                application=self._run
            ) as session:
                session.execute("ANALYZE")
        # After it: what ANALYZE calls runs with the owner's rights.
        self._bringing.settle()

    def identify(self) -> Pair:
        with self._server.connect(application=self._run) as session:
            comes = _id_of(session, self._draft)
            goes = _id_of(session, self._name) if self._replaces else None
        if comes is None or (self._replaces and goes is None):
            raise _missing(self._draft if comes is None else self._name)
        self._pair = Pair(comes, goes)
        return self._pair

    def publish(self, *, kept: str, note: str) -> None:
        pair = self._pair or self.identify()
        if pair.goes is None:
            change_names(
                self._server,
                [Change(pair.comes, self._draft, self._name)],
                application=self._run,
                dress=lambda session: write_comment(session, self._name, None),
            )
        else:
            refuse_bound(self._server, self._name, application=self._run)
            swap = Swap(self._name, pair.goes, kept, pair.comes, self._draft, note=note, carry=True)
            swap_names(self._server, swap, application=self._run)
        self.is_published = True


def comparable(marks: dict[str, Any], *, major: int, grants: bool) -> dict[str, Any]:
    """The part of a source's fingerprint that a copy there can equal."""
    found = dict(marks)
    if "objects" in found and not grants:
        found["objects"] = {
            kind: objects for kind, objects in found["objects"].items() if "grants" not in kind
        }
    if "objects" in found and marks["algorithm"] < 2 and (major < 18) != (marks["major"] < 18):
        # One side would name its NOT NULL constraints, the other has no names for them.
        found["objects"] = {
            kind: objects for kind, objects in found["objects"].items() if kind != "constraint"
        }
    if major != marks["major"]:
        # A hash of rows may be another one there: how many there are is not.
        found["tables"] = {
            name: {**mark, "sum": None, "by": "count"} if mark["by"] == "hash" else mark
            for name, mark in marks["tables"].items()
        }
    return found


@contextmanager
def restoring_beside(
    server: Server,
    manifest: dict[str, Any],
    *,
    name: str,
    replaces: bool,
    draft: str,
    run: str,
    options: RestoreOptions,
    journal: Journal,
    on_wait: Callable[[], None],
) -> Iterator[PostgresRestoration]:
    """See `backups.engines.Engine.restore`."""
    contents = manifest["contents"]
    marks = contents.get("fingerprint")
    server = elsewhere(server, name)
    there = replace(server, database=draft)
    restoration: PostgresRestoration | None = None
    try:
        _make_draft(
            server, marks, name=name, replaces=replaces, draft=draft, run=run, journal=journal
        )
        if marks is not None:
            make_schemas(there, manifest)
        is_outside = bool(contents.get("outside"))
        if options.role and not is_outside:
            give_database(server, draft, role=options.role)
        bringing_it = bringing_by_guest if is_outside else bringing_archive
        with bringing_it(
            there,
            manifest,
            options=options,
            application=run,
            journal=journal,
            on_wait=on_wait,
        ) as taking:
            restoration = PostgresRestoration(
                server,
                taking,
                marks,
                name=name,
                replaces=replaces,
                draft=draft,
                run=run,
                options=options,
                is_part=options.is_part or is_part(manifest),
            )
            yield restoration
    finally:
        if restoration is None or not restoration.is_published:
            forget_draft(server, draft=draft)


def forget_draft(server: Server, *, draft: str) -> None:
    with elsewhere(server).connect(application="holdfast:forget") as session:
        try:
            session.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft))
            )
            forget_roles(session, draft)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def _make_draft(
    server: Server,
    marks: dict[str, Any] | None,
    *,
    name: str,
    replaces: bool,
    draft: str,
    run: str,
    journal: Journal,
) -> None:
    if replaces:
        refuse_bound(server, name, application=run)
    with server.connect(application=run) as session:
        try:
            exists = database_exists(session, name)
            if exists and not replaces:
                raise _exists(name)
            if replaces and not exists:
                raise _missing(name)
            if marks is None and not replaces:
                session.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(draft))
                )
            elif substituted := make_database(
                session, draft, marks["database"] if marks else locale_of(session, name)
            ):
                text = _("The server lacks the %(name)s; made with C instead.")
                journal.say(text % {"name": substituted}, level="warning", source="holdfast")
            write_comment(session, draft, DRAFT)
            if replaces:
                move_beside(session, draft, name)
                rehearse(session, source=name, to=draft)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error


def database_exists(session: psycopg.Connection[Any], name: str) -> bool:
    return _id_of(session, name) is not None


def _id_of(session: psycopg.Connection[Any], name: str) -> int | None:
    row = session.execute(
        "SELECT oid::bigint FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return int(row[0]) if row else None


def _exists(name: str) -> TargetExists:
    return TargetExists(_("There is a database named %(name)s already.") % {"name": name})


def _missing(name: str) -> TargetMissing:
    return TargetMissing(_("There is no database named %(name)s.") % {"name": name})
