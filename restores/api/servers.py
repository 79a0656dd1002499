"""The server of a restore's target: a registered one by id or name, or a connection of its own."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from access.models import User
from backups.errors import BadOption
from backups.models import Backup, Database
from backups.selectors import database_for
from restores.connections import given_server
from storage.api.bodies import Body, Number, Text


class ConnectionBody(Body):
    host = Text(max_length=255)
    port = Number(required=False, min_value=1, max_value=65535)
    username = Text(max_length=255)
    password = Text(required=False, max_length=1000, allow_blank=True)
    database_name = Text(required=False, max_length=255)
    tls_mode = serializers.ChoiceField(choices=Database.TlsMode.choices, required=False)


class ServerField(serializers.Field[Any, Any, Any, Any]):
    """A text, or an object with the connection's fields."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            body = ConnectionBody(data=data)
            body.is_valid(raise_exception=True)
            return dict(body.validated_data)
        return Text(max_length=200).run_validation(data)


def server_of(given: Any, *, backup: Backup | None, actor: User) -> Database:
    """Raises NotFound, NotAllowed or BadOption."""
    if isinstance(given, dict):
        if backup is None:
            # A file has no company of its own.
            raise BadOption("server", _("Register the server's database first, for a file."))
        return given_server(company=backup.company, given=given, actor=actor)
    return database_for(actor=actor, ref=given)
