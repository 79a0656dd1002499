"""A sealed audit entry is refused every change by the database itself, whoever asks."""

from django.db import migrations

from access import triggers


class Migration(migrations.Migration):

    dependencies = [("access", "0002_audit_chain")]

    operations = [migrations.RunSQL(triggers.MAKE, triggers.REMOVE)]
