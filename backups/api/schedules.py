"""Schedules: list, create, read, change, remove, and test."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from backups.api.databases import Keeping, answered
from backups.description import describe
from backups.models import Backup, BackupSchedule, Database
from backups.schedules import (
    LONGEST_INTERVAL,
    create_schedule,
    delete_schedule,
    run_schedule,
    test_schedule,
    update_schedule,
)
from backups.scheduling.description import describe_schedule, describe_schedules
from backups.selectors import database_for, list_schedules, schedule_of, storage_for
from storage.api.bodies import Body, Flag, Number, Text, actor_of, read_body
from storage.api.views import listed


class Hours(Body):
    """Of the day, in the schedule's zone; an end before its beginning is on the next day."""

    def get_fields(self) -> dict[str, Any]:
        # `from` is no name that Python lets a class have.
        return {"from": Text(max_length=5), "to": Text(max_length=5)}


class ChangedSchedule(Body):
    name = Text(max_length=100)
    enabled = Flag(default=True)
    cron = Text(
        max_length=200,
        required=False,
        allow_null=True,
        help_text="Five fields: minute hour day month weekday. This, or interval_minutes.",
    )
    interval_minutes = Number(
        min_value=1, max_value=LONGEST_INTERVAL, required=False, allow_null=True
    )
    time_zone = Text(max_length=64, default="UTC", help_text="Of cron, as in Europe/Berlin.")
    options = serializers.DictField(
        default=dict, help_text="Those of a backup, as in backup/create."
    )
    storages = serializers.ListField(
        child=Text(max_length=100), default=list, max_length=20, help_text="Ids or names."
    )
    retention = Keeping(allow_null=True, default=None)
    window = Hours(allow_null=True, default=None)
    jitter_minutes = Number(min_value=0, max_value=24 * 60, default=0)
    retries = Number(min_value=0, max_value=10, default=2)
    retry_minutes = Number(min_value=1, max_value=24 * 60, default=5)


class NewSchedule(ChangedSchedule):
    database = Text(max_length=100, help_text="Id or name.")


class SchedulesView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "backups.view_backupschedule")
        return Response(listed(describe_schedules(list(list_schedules(actor=actor)))))

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "backups.add_backupschedule")
        body = read_body(request, NewSchedule)
        database = database_for(actor=actor, ref=body.pop("database"))
        made = create_schedule(database=database, actor=actor, **_found(actor, database, body))
        return Response(
            describe_schedule(schedule_of(actor=actor, schedule_id=made.pk)),
            status=201,
            headers={"Location": request.build_absolute_uri(f"/api/schedules/{made.pk}")},
        )


class ScheduleView(APIView):
    def get(self, request: Request, schedule_id: str) -> Response:
        return Response(describe_schedule(_schedule(request, schedule_id)))

    def patch(self, request: Request, schedule_id: str) -> Response:
        actor, schedule = actor_of(request), _schedule(request, schedule_id)
        require(actor, "backups.change_backupschedule", schedule.company)
        body = _found(actor, schedule.database, read_body(request, ChangedSchedule, partial=True))
        update_schedule(schedule=schedule, actor=actor, **body)
        return Response(describe_schedule(_schedule(request, schedule_id)))

    def delete(self, request: Request, schedule_id: str) -> Response:
        delete_schedule(schedule=_schedule(request, schedule_id), actor=actor_of(request))
        return Response(status=204)


class ScheduleTestView(APIView):
    def post(self, request: Request, schedule_id: str) -> Response:
        """Its database is reached, and each of its storages tried with a probe."""
        facts = test_schedule(schedule=_schedule(request, schedule_id), actor=actor_of(request))
        return Response(answered(facts))


class ScheduleRunView(APIView):
    def post(self, request: Request, schedule_id: str) -> Response:
        """One backup as it makes them, now; its times stay as they are."""
        schedule = _schedule(request, schedule_id)
        backup = run_schedule(
            schedule=schedule, actor=actor_of(request), trigger=Backup.Trigger.API
        )
        where = request.build_absolute_uri(f"/api/backup/{backup.pk}")
        return Response(describe(backup), status=202, headers={"Location": where})


def _found(actor: User, database: Database, body: dict[str, Any]) -> dict[str, Any]:
    """The body with its storages in place of their names."""
    if "storages" not in body:
        return body
    names = dict.fromkeys(body["storages"])
    targets = [storage_for(actor=actor, ref=name, database=database) for name in names]
    return {**body, "storages": targets}


def _schedule(request: Request, schedule_id: str) -> BackupSchedule:
    return schedule_of(actor=actor_of(request), schedule_id=schedule_id)
