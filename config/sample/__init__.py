"""The sample: a realistic shop, made, registered and backed up at the first start.

`create_sample` does all of it; the content is in the .sql files, in their order.
"""

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from access import audit
from access.models import AuditEntry, Company
from access.policy import Actor, System
from backups.databases import create_database
from backups.models import Backup, Database
from backups.services import request_backup
from config.sample.server import SampleDatabase, create_sample_database

REGISTERED = "sample.registered"
FIRST_START = System("first start")


def create_sample(*, company: Company, actor: Actor = FIRST_START) -> bool:
    """Make the sample, register it and request its first backup; whether that was done now.

    Done once in an installation's life: who deletes the sample does not get it back. Does
    nothing where the installation uses somebody else's server.
    Raises psycopg.Error, BackupError, NotAllowed.
    """
    if settings.ENVIRONMENT.database_url or was_registered():
        return False
    made = create_sample_database(admin=_admin(), renew_password=True)
    register_sample(company=company, made=made, actor=actor)
    return True


def was_registered() -> bool:
    return AuditEntry.objects.filter(action=REGISTERED).exists()


@transaction.atomic
def register_sample(*, company: Company, made: SampleDatabase, actor: Actor) -> Backup:
    """Make the sample known to the product and request its first backup, both or neither."""
    database = create_database(
        company=company,
        name=_("Sample shop"),
        host=made.host,
        port=made.port,
        database_name=made.name,
        username=made.user,
        password=made.password or "",
        tls_mode=Database.TlsMode.DISABLE,
        actor=actor,
    )
    audit.record(actor=actor, action=REGISTERED, thing=database, company=company)
    return request_backup(database=database, options={}, actor=actor, trigger=Backup.Trigger.MANUAL)


def _admin() -> str:
    """How this process reaches the embedded server, where its own role may do everything."""
    own = connection.settings_dict
    return make_conninfo(
        host=own["HOST"], port=own["PORT"] or None, user=own["USER"], dbname="postgres"
    )
