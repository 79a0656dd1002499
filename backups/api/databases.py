"""Databases: list, register, read, change, delete with all of its backups, and test."""

from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access import reauthentication
from access.policy import Actor, require
from backups.databases import create_database, link_database, test_connection, update_database
from backups.deletion import delete_database
from backups.description import describe_database
from backups.engines import ServerFacts
from backups.models import Database
from backups.retention.policy import MOST
from backups.selectors import database_of, list_databases, storages_named
from monitoring.expected.selectors import job_for
from storage.api.bodies import Body, Flag, Number, Text, actor_of, company_for, read_body
from storage.api.views import listed

LARGEST_COUNT = 2**31 - 1
MOST_HOURS = 24 * 366


class Keeping(Body):
    """Numbers of what to keep; the schedules' body has the same."""

    last = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    days = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    hourly = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    daily = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    weekly = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    monthly = Number(min_value=0, max_value=MOST, allow_null=True, required=False)
    yearly = Number(min_value=0, max_value=MOST, allow_null=True, required=False)


class ChangedDatabase(Body):
    name = Text(max_length=100)
    host = Text(max_length=255, help_text="A host name, an address, or a socket folder.")
    port = Number(min_value=1, max_value=65535, default=5432)
    database_name = Text(max_length=255, help_text="Its name on the server.")
    username = Text(max_length=255)
    password = Text(
        write_only=True,
        allow_blank=True,
        default="",
        max_length=1000,
        help_text="Kept encrypted, never shown. To be given again when the server changes.",
    )
    tls_mode = serializers.ChoiceField(choices=Database.TlsMode.values, default="prefer")
    drill_every = Number(
        min_value=0, max_value=LARGEST_COUNT, default=1, help_text="Drill each Nth backup; 0: none."
    )
    drill_days = Number(min_value=1, max_value=LARGEST_COUNT, allow_null=True, default=None)
    promise_hours = Number(
        min_value=1,
        max_value=MOST_HOURS,
        allow_null=True,
        default=None,
        help_text="Alert when the newest good backup is older; null: as its schedules say.",
    )
    proof_days = Number(
        min_value=0,
        max_value=LARGEST_COUNT,
        default=30,
        help_text="Alert when the last proof is older; 0: never.",
    )
    retention = Keeping(
        allow_null=True, default=None, help_text="Of backups that no schedule made."
    )
    protected = Flag(
        default=False, help_text="A restore in its place needs another administrator's approval."
    )
    copy_storages = serializers.ListField(
        child=Text(max_length=100),
        default=list,
        max_length=10,
        help_text="Ids or names: each good backup is copied there.",
    )


class LinkedDatabase(ChangedDatabase):
    expected_job = Number(
        min_value=1, max_value=2**63 - 1, allow_null=True, help_text="Told of each backup of it."
    )


class NewDatabase(ChangedDatabase):
    engine = serializers.ChoiceField(choices=Database.Engine.values, default="postgresql")
    company = Text(required=False, help_text="Id or name; needed where you manage several.")


def with_storages(body: dict[str, Any], *, actor: Actor, database: Database) -> dict[str, Any]:
    """The body with its storages in place of their names. Raises NotFound."""
    if "copy_storages" not in body:
        return body
    found = storages_named(actor=actor, refs=body["copy_storages"], database=database)
    return {**body, "copy_storages": found}


class DatabasesView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "backups.view_database")
        return Response(listed([describe_database(one) for one in list_databases(actor=actor)]))

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "backups.add_database")
        body = read_body(request, NewDatabase)
        body.pop("engine")
        company = company_for(
            actor=actor, permission="backups.add_database", ref=body.pop("company", "")
        )
        body = with_storages(body, actor=actor, database=Database(company=company))
        made = create_database(company=company, actor=actor, **body)
        return Response(
            describe_database(database_of(actor=actor, database_id=made.pk)),
            status=201,
            headers={"Location": request.build_absolute_uri(f"/api/databases/{made.pk}")},
        )


class DatabaseView(APIView):
    def get(self, request: Request, database_id: str) -> Response:
        return Response(describe_database(_database(request, database_id)))

    def patch(self, request: Request, database_id: str) -> Response:
        database = _database(request, database_id)
        require(actor_of(request), "backups.change_database", database.company)
        actor = actor_of(request)
        body = read_body(request, LinkedDatabase, partial=True)
        body = with_storages(body, actor=actor, database=database)
        with transaction.atomic():
            if "expected_job" in body:
                _link(request, database, body.pop("expected_job"))
            changed = update_database(database=database, actor=actor, **body)
        return Response(describe_database(changed))

    def delete(self, request: Request, database_id: str) -> Response:
        """With all of its backups; `confirm` in the query is its name."""
        database = _database(request, database_id)
        require(actor_of(request), "backups.delete_database", database.company)
        reauthentication.demand(request)
        delete_database(
            database=database,
            actor=actor_of(request),
            confirm=request.query_params.get("confirm", ""),
        )
        return Response(status=204)


class DatabaseTestView(APIView):
    def post(self, request: Request, database_id: str) -> Response:
        facts = test_connection(database=_database(request, database_id), actor=actor_of(request))
        return Response(answered(facts))


def answered(facts: ServerFacts) -> dict[str, Any]:
    return {"ok": True, "server_version": facts.version, "size_bytes": facts.size_bytes}


def _link(request: Request, database: Database, job_id: int | None) -> None:
    actor = actor_of(request)
    job = None if job_id is None else job_for(actor=actor, job_id=job_id)
    link_database(database=database, job=job, actor=actor)


def _database(request: Request, database_id: str) -> Database:
    return database_of(actor=actor_of(request), database_id=database_id)
