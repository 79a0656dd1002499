"""A server that is registered nowhere, given with the request: for one restore, then forgotten.

Its row is a deleted one from the beginning: nobody sees it, and nothing is backed up by it. The
restored database is registered by itself, when it ends well; then, or when nothing is left to be
dropped on that server, the password goes.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import Actor, require
from backups.errors import BadOption
from backups.models import Database
from backups.options import is_storable
from restores.models import Restore

NAMES = ("host", "port", "username", "password", "database_name", "tls_mode")
MAINTENANCE = "postgres"


def given_server(*, company: Company, given: Mapping[str, Any], actor: Actor) -> Database:
    """Unsaved. Raises NotAllowed or BadOption: who gives one must be allowed to register it."""
    require(actor, "backups.add_database", company)
    values = {"port": 5432, "database_name": MAINTENANCE, **given}
    password = values.pop("password", "")
    if not is_storable(password):
        raise BadOption("server", _("The password holds what no server takes."))
    server = Database(
        company=company,
        name=f"{values['host']}:{values['port']}"[:100],
        deleted_at=timezone.now(),
        **values,
    )
    server.password = password
    try:
        server.full_clean()
    except ValidationError as error:
        raise BadOption("server", " ".join(error.messages)) from error
    return server


def keep_for_a_restore(server: Database) -> None:
    """Call it in the transaction that makes the restore."""
    if server._state.adding:
        server.save(force_insert=True)


def forget_connection(restore: Restore) -> None:
    """Safe to repeat; does nothing to a server that is registered."""
    rows = Database.every.filter(pk=restore.server_id, deleted_at__isnull=False)
    rows.update(password_sealed="")
