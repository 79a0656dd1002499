from django.db import migrations

# Nobody was told of them, and nothing takes them back: those of the last week wait for a person.
FILL = """
UPDATE monitoring_alert SET lasting = false, last_seen_at = first_seen_at,
    resolved_at = CASE WHEN first_seen_at < now() - interval '7 days' THEN first_seen_at END
"""


class Migration(migrations.Migration):
    """What was said before alerts could be resolved."""

    dependencies = [
        ('monitoring', '0003_alerts'),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
