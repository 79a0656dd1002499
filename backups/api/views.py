"""Create, cancel, list, read, change and delete one, and its status."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from access.throttling import Limits, user_of
from backups import idempotency
from backups.cancelling import cancel_work
from backups.deletion import delete_backup
from backups.description import describe, describe_status
from backups.errors import AlreadyRunning, BadOption
from backups.models import AnsweredRequest, Backup
from backups.options import LONGEST_COMMENT
from backups.selectors import (
    BackupFilters,
    backup_for,
    database_for,
    list_described,
    storage_for,
)
from backups.services import edit_backup, request_backup
from monitoring.files.selectors import steps_of
from storage.api.bodies import Body, Flag, Text, actor_of, read_body

# What a client shows at once; each request costs as much again as its first fifty rows.
DEFAULT_LIMIT = 100


class Creates(Limits):
    def counted(self, request: Request) -> list[tuple[str, object]]:
        return [("backup_create", user_of(request))]


class CreateView(APIView):
    def get_throttles(self) -> list[Any]:
        return [*super().get_throttles(), Creates()]

    def post(self, request: Request) -> Response:
        body = body_of(request)
        actor = actor_of(request)
        require(actor, "backups.add_backup")
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return _made(request, describe(_create(actor, body)))
        asked = idempotency.read_request(user=actor, key=key, body=body)
        return _create_once(request, actor, body, asked)


def _create_once(
    request: Request, actor: User, body: dict[str, Any], asked: idempotency.Request
) -> Response:
    """The answer that was given to this very request, or a new one that is kept with it."""
    found = asked.answer()
    if found is None:
        try:
            _create(actor, dict(body), asked)
        except (AlreadyRunning, idempotency.SentTwice):
            # Perhaps it is the first sending of this request that runs.
            found = asked.answer()
            if found is None:
                raise
            return _made(request, found.answer, replayed=True)
        kept = AnsweredRequest.objects.get(user=actor, key=asked.key)
        return _made(request, kept.answer)
    return _made(request, found.answer, replayed=True)


def _create(actor: User, body: dict[str, Any], asked: idempotency.Request | None = None) -> Backup:
    database = database_for(actor=actor, ref=text_of(body, "database", required=True))
    storage = _storage_reference(body)

    def keep(backup: Backup) -> None:
        if asked is not None:
            asked.keep(backup, describe(backup_for(actor=actor, backup_id=backup.pk)))

    backup = request_backup(
        database=database,
        storage=storage_for(actor=actor, ref=storage, database=database) if storage else None,
        name=text_of(body, "name"),
        force=_flag(body, "force"),
        options=body,
        actor=actor,
        trigger=Backup.Trigger.API,
        on_made=keep,
    )
    return backup_for(actor=actor, backup_id=backup.pk)


def _made(request: Request, answer: dict[str, Any], *, replayed: bool = False) -> Response:
    headers = {"Location": request.build_absolute_uri(f"/api/backup/{answer['id']}")}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer, status=202, headers=headers)


class ListView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "backups.view_backup")
        query = request.query_params
        filters = BackupFilters(
            status=query.getlist("status"),
            validation=query.getlist("validation"),
            database=query.get("database", ""),
            search=query.get("search", ""),
            from_date=_day("from", query.get("from")),
            to_date=_day("to", query.get("to")),
            ordering=query.get("ordering") or "-created_at",
        )
        page = list_described(
            actor=actor,
            filters=filters,
            cursor=query.get("cursor"),
            limit=_limit(query.get("limit")),
        )
        return Response(
            {
                "results": page.results,
                "next": _link(request, page.next),
                "previous": _link(request, page.previous),
                # Counting reads every row; a page by keyset does not need it.
                "count": None,
            }
        )


class ChangedBackup(Body):
    label = Text(  # type: ignore[assignment]  # the fields are taken out of the class
        max_length=40, allow_blank=True, help_text="Letters, digits, - and _."
    )
    comment = Text(max_length=LONGEST_COMMENT, allow_blank=True)
    pinned = Flag(help_text="Kept by retention, and deleted by force only.")
    held = Flag(help_text="A legal hold: not even force deletes it. Administrators set it.")


class DetailView(APIView):
    def get(self, request: Request, backup_id: str) -> Response:
        return Response(describe(backup_for(actor=actor_of(request), backup_id=backup_id)))

    def patch(self, request: Request, backup_id: str) -> Response:
        actor = actor_of(request)
        backup = backup_for(actor=actor, backup_id=backup_id)
        require(actor, "backups.change_backup", backup.company)
        edit_backup(backup=backup, actor=actor, **read_body(request, ChangedBackup, partial=True))
        return Response(describe(backup_for(actor=actor, backup_id=backup_id)))

    def delete(self, request: Request, backup_id: str) -> Response:
        """`force=true` in the query overrides a pin, and nothing else."""
        actor = actor_of(request)
        backup = backup_for(actor=actor, backup_id=backup_id)
        delete_backup(backup=backup, actor=actor, force=_forced(request))
        return Response(status=204)


class StatusView(APIView):
    def get(self, request: Request, backup_id: str) -> Response:
        backup = backup_for(actor=actor_of(request), backup_id=backup_id)
        return Response(describe_status(backup, steps_of(backup.file)))


class CancelView(APIView):
    def post(self, request: Request, backup_id: str) -> Response:
        """202 with the backup: it, or the check of it that runs, ends within seconds."""
        actor = actor_of(request)
        cancel_work(backup=backup_for(actor=actor, backup_id=backup_id), actor=actor)
        return Response(describe(backup_for(actor=actor, backup_id=backup_id)), status=202)


def body_of(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise BadOption("body", _("Send a JSON object."))
    return dict(request.data)


def text_of(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = body.pop(name, None)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise BadOption(name, _("%(option)s must be a text.") % {"option": name})
    return value


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.pop(name, False)
    if not isinstance(value, bool):
        raise BadOption(name, _("%(option)s must be true or false.") % {"option": name})
    return value


def _forced(request: Request) -> bool:
    said = request.query_params.get("force", "false")
    if said not in ("true", "false"):
        raise BadOption("force", _("%(option)s must be true or false.") % {"option": "force"})
    return said == "true"


def _storage_reference(body: dict[str, Any]) -> str:
    """`storage`, or the one name in `storages`: a backup has one first copy for now."""
    several = body.pop("storages", None)
    if several is not None:
        if not isinstance(several, list) or len(several) != 1:
            raise BadOption("storages", _("storages must be a list of one name for now."))
        body.setdefault("storage", several[0])
    return text_of(body, "storage")


def _day(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadOption(name, _("%(option)s must be a date: 2026-11-21.") % {"option": name})


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= 200):
        raise BadOption("limit", _("limit must be a number from 1 to 200."))
    return int(text)


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = [(k, v) for k, values in request.query_params.lists() for v in values if k != "cursor"]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*query, ('cursor', cursor)])}")
