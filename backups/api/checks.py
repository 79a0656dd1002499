"""Checks of stored bytes: ask for one, and what is known by level."""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backups.api.views import body_of, text_of
from backups.checks.requesting import request_check
from backups.description import describe_check, describe_checks
from backups.errors import BadOption
from backups.models import LevelResult
from backups.selectors import backup_for
from storage.api.bodies import actor_of


class ValidateView(APIView):
    def post(self, request: Request, backup_id: str) -> Response:
        """202 with the check. The body may name a `level`; without it `content` is meant."""
        actor = actor_of(request)
        body = body_of(request)
        level = text_of(body, "level") or LevelResult.Level.CONTENT
        if body:
            name = next(iter(body))
            raise BadOption(name, _("%(option)s is not an option.") % {"option": name})
        backup = backup_for(actor=actor, backup_id=backup_id)
        check = request_check(backup=backup, actor=actor, level=level)
        return Response(
            describe_check(check),
            status=202,
            headers={"Location": request.build_absolute_uri(f"/api/backup/validate/{backup.pk}")},
        )

    def get(self, request: Request, backup_id: str) -> Response:
        """What each level found last, with when and why; and the newest check."""
        return Response(describe_checks(backup_for(actor=actor_of(request), backup_id=backup_id)))
