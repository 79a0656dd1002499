"""Copies of a backup: ask for a further one, and what there is."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from backups.copying.description import describe_copies
from backups.copying.requesting import request_copy
from backups.description import describe_copy
from backups.selectors import backup_for, storage_for
from storage.api.bodies import Body, Text, actor_of, read_body


class NewCopy(Body):
    storage = Text(max_length=100, help_text="Id or name.")


class CopyView(APIView):
    def post(self, request: Request, backup_id: str) -> Response:
        """202 with the copy, which waits for a worker."""
        actor = actor_of(request)
        backup = backup_for(actor=actor, backup_id=backup_id)
        require(actor, "backups.copy_backup", backup.company)
        ref = read_body(request, NewCopy)["storage"]
        target = storage_for(actor=actor, ref=ref, database=backup.database)
        copy = request_copy(backup=backup, target=target, actor=actor)
        where = request.build_absolute_uri(f"/api/backup/copy/{backup.pk}")
        return Response(describe_copy(copy), status=202, headers={"Location": where})

    def get(self, request: Request, backup_id: str) -> Response:
        backup = backup_for(actor=actor_of(request), backup_id=backup_id)
        return Response(describe_copies(backup))
