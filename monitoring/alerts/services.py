"""The one verb by which the product tells people something."""

from django.db import models

from access.models import Company
from access.redaction import redact
from monitoring.alerts.models import Alert


def alert(
    *, company: Company, rule: str, title: str, text: str, thing: models.Model, key: str
) -> None:
    """Put news into the outbox, in the transaction of what happened.

    `key` names this very piece of news; said again, it changes nothing.
    """
    Alert.objects.bulk_create(
        [
            Alert(
                company=company,
                rule=rule,
                title=redact(title)[:200],
                text=redact(text),
                object_type=thing._meta.label_lower,
                object_id=str(thing.pk),
                key=key,
            )
        ],
        ignore_conflicts=True,
    )
