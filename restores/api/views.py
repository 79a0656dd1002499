"""Ask for a restore or only for its preflight, list, read one, its status, cancel."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from backups.api.views import actor_of, body_of
from backups.errors import BadOption
from backups.selectors import backup_for, database_for
from restores.description import describe, describe_status
from restores.models import Restore
from restores.requesting import Wish, cancel_restore, look_first, parse_options, request_restore
from restores.selectors import MOST, list_restores, restore_for


class RestoresView(APIView):
    def post(self, request: Request) -> Response:
        """202 with the restore; with `dry_run` 200 with the preflight alone, nothing touched."""
        actor = actor_of(request)
        require(actor, "restores.add_restore")
        body = body_of(request)
        dry_run = body.pop("dry_run", False)
        if not isinstance(dry_run, bool):
            raise BadOption(
                "dry_run", _("%(option)s must be true or false.") % {"option": "dry_run"}
            )
        wish = _wish(body, actor)
        if dry_run:
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
            {"results": [describe(one) for one in page.results], "next": link, "previous": None}
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
        cancel_restore(restore=_restore(request, restore_id), actor=actor_of(request))
        return Response(describe(_restore(request, restore_id)), status=202)


def _restore(request: Request, restore_id: str) -> Restore:
    return restore_for(actor=actor_of(request), restore_id=restore_id)


def _wish(body: dict[str, Any], actor: User) -> Wish:
    source, target = body.pop("source", None), body.pop("target", None)
    if not isinstance(source, dict) or set(source) != {"backup"}:
        raise BadOption("source", _('source is {"backup": ID} for now.'))
    if not isinstance(target, dict) or not set(target) <= {"server", "database", "mode"}:
        raise BadOption("target", _('target is {"server": …, "database": …, "mode": "new"}.'))
    if target.get("mode", "new") != "new":
        raise BadOption("mode", _("mode can only be new for now."))
    server, name = target.get("server"), target.get("database")
    if not (isinstance(server, str) and isinstance(name, str) and server and name):
        raise BadOption("target", _("target names a server and the new database."))
    return Wish(
        backup=backup_for(actor=actor, backup_id=str(source["backup"])),
        server=database_for(actor=actor, ref=server),
        name=name,
        options=parse_options(body),
    )


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "50")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MOST):
        raise BadOption("limit", _("limit must be a number from 1 to 200."))
    return int(text)
