"""The queue in the admin: its failures and what waits, to be read. The rest is not ours to edit.

A task is only a wake-up for a row: submitting one again by hand helps nobody.
"""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from access.scoped_admin import RecordAdmin
from look.units import duration

for model in (Failure, OrmQ, Schedule, Success):
    admin.site.unregister(model)


class QueueAdmin(RecordAdmin):
    company_path = None


@admin.register(Failure)
class FailureAdmin(QueueAdmin):
    list_display = ["name", "func", "cluster", "started", "time_taken", "attempt_count"]
    list_filter = ["cluster", "func"]
    search_fields = ["name", "func"]
    fields = ["name", "func", "cluster", "started", "stopped", "attempt_count", "result"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).filter(success=False)

    @admin.display(description=_("took"))
    def time_taken(self, task: Failure) -> str:
        return duration(task.stopped - task.started)


@admin.register(OrmQ)
class WaitingAdmin(QueueAdmin):
    list_display = ["id", "key", "lock"]
    list_filter = ["key"]
    # The payload is a signed pickle: never shown, never opened here.
    fields = ["key", "lock"]
