"""Beat, and ask how long ago each watcher beat."""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from monitoring.heartbeats.models import Heartbeat


def beat(*, name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": Now()})


def ages() -> dict[str, timedelta]:
    """How long ago each watcher beat, by the database's clock."""
    age = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    return dict(Heartbeat.objects.annotate(age=age).values_list("name", "age"))
