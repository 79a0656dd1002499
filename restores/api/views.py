"""Ask for a restore or only for its preflight, list, read one, its status, cancel."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from backups.selectors import backup_for
from restores.api.options import OptionsBody, options_of
from restores.api.servers import ServerField, server_of
from restores.description import describe, describe_status
from restores.kept.asking import confirm_restore, undo_restore
from restores.models import Restore
from restores.outside import file_from_outside
from restores.replacing.approval import approve_restore
from restores.replacing.wanted import LONGEST_KEEPING, Replacement
from restores.requesting import Wish, cancel_restore, look_first, request_restore
from restores.selectors import MOST, list_restores, restore_for
from storage.api.bodies import BadValue, Body, Flag, Number, Text, actor_of, read_body

REPLACING = ("confirm", "safety_backup", "keep_old_days")
# A verb of services: permission, rows, audit and queue.
Verb = Callable[..., None]


class Source(Body):
    """One of them."""

    backup = serializers.UUIDField(required=False)
    # Of the file, or of the session in which it was sent.
    upload = Text(max_length=80, required=False)
    path = Text(max_length=4000, required=False)


class Target(Body):
    server = ServerField()
    database = Text(max_length=63)
    mode = serializers.ChoiceField(choices=Restore.Mode.choices, default=Restore.Mode.NEW)


class NewRestore(OptionsBody):
    source = Source()  # type: ignore[assignment]  # the fields are taken out of the class
    target = Target()
    accept_plain_sql = Flag(default=False)
    accept_extensions = Flag(default=False)
    dry_run = Flag(default=False)
    confirm = Text(max_length=63, required=False, allow_blank=True)
    safety_backup = Flag(required=False)
    keep_old_days = Number(min_value=1, max_value=LONGEST_KEEPING, required=False)


class RestoresView(APIView):
    def post(self, request: Request) -> Response:
        """202 with the restore; with `dry_run` 200 with the preflight alone, nothing touched."""
        actor = actor_of(request)
        require(actor, "restores.add_restore")
        body = read_body(request, NewRestore)
        wish = _wish(body, actor)
        if body["dry_run"]:
            checks = look_first(wish=wish, actor=actor)
            blocked = any(check.level == "blocking" for check in checks)
            return Response(
                {"possible": not blocked, "preflight": [asdict(check) for check in checks]}
            )
        restore = request_restore(wish=wish, actor=actor)
        return Response(
            describe(restore_for(actor=actor, restore_id=restore.pk)),
            status=202,
            headers={"Location": request.build_absolute_uri(f"/api/restores/{restore.pk}")},
        )

    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "restores.view_restore")
        after = request.query_params.get("cursor", "")
        page = list_restores(actor=actor, after=after, limit=_limit(request))
        link = None
        if page.next:
            link = request.build_absolute_uri(f"{request.path}?cursor={page.next}")
        return Response(
            {
                "results": [describe(one) for one in page.results],
                "next": link,
                "previous": None,
                "count": None,
            }
        )


class RestoreView(APIView):
    def get(self, request: Request, restore_id: str) -> Response:
        return Response(describe(_restore(request, restore_id)))


class StatusView(APIView):
    def get(self, request: Request, restore_id: str) -> Response:
        return Response(describe_status(_restore(request, restore_id)))


class CancelView(APIView):
    def post(self, request: Request, restore_id: str) -> Response:
        """202: a running one ends within seconds, and nothing of it stays."""
        return _done(cancel_restore, request, restore_id)


class ApproveView(APIView):
    def post(self, request: Request, restore_id: str) -> Response:
        """202: it begins, after its safety backup where one is wanted."""
        return _done(approve_restore, request, restore_id)


class ConfirmView(APIView):
    def post(self, request: Request, restore_id: str) -> Response:
        """202: the kept database is dropped by a worker."""
        return _done(confirm_restore, request, restore_id)


class UndoView(APIView):
    def post(self, request: Request, restore_id: str) -> Response:
        """202: the names are swapped back by a worker."""
        return _done(undo_restore, request, restore_id)


def _done(verb: Verb, request: Request, restore_id: str) -> Response:
    verb(restore=_restore(request, restore_id), actor=actor_of(request))
    return Response(describe(_restore(request, restore_id)), status=202)


def _restore(request: Request, restore_id: str) -> Restore:
    return restore_for(actor=actor_of(request), restore_id=restore_id)


def _wish(body: dict[str, Any], actor: User) -> Wish:
    source = body["source"]
    if len(source) != 1:
        raise BadValue("source", _("source is one of backup, upload and path."))
    backup = outside = None
    if "backup" in source:
        backup = backup_for(actor=actor, backup_id=source["backup"])
    server = server_of(body["target"]["server"], backup=backup, actor=actor)
    if backup is None:
        outside = file_from_outside(
            actor=actor,
            company=server.company,
            upload=str(source.get("upload", "")),
            path=source.get("path", ""),
            accept_plain_sql=body["accept_plain_sql"],
            accept_extensions=body["accept_extensions"],
        )
    return Wish(
        backup=backup,
        outside=outside,
        server=server,
        name=body["target"]["database"],
        options=options_of(body),
        replacement=_replacement(body),
    )


def _replacement(body: dict[str, Any]) -> Replacement | None:
    given = {name: body[name] for name in REPLACING if name in body}
    if body["target"]["mode"] == Restore.Mode.REPLACE:
        return Replacement(**{"confirm": "", **given})
    if given:
        name = next(iter(given))
        raise BadValue(name, _("%(field)s belongs to the mode replace.") % {"field": name})
    return None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "100")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MOST):
        raise BadValue("limit", _("limit must be a number from 1 to 200."))
    return int(text)
