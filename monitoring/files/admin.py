"""The admin of tracked files: their stages, steps and log, all to be read only."""

from typing import Any

from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access.models import User
from access.scoped_admin import CappedPaginator, RecordAdmin
from look.badges import badge
from look.units import duration
from monitoring.files.history import latest_steps
from monitoring.files.models import LogLine, Stage, Step, TrackedFile

NEWEST = 50


class NewestFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The newest rows only: a file may have a hundred thousand lines."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_newest"):
            self._newest = list(super().get_queryset()[:NEWEST])
        return self._newest


class RecordInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        needed = f"monitoring.view_{self.opts.model_name}"
        return isinstance(request.user, User) and request.user.may(needed)


class StageInline(RecordInline):
    model = Stage
    fields = ["key", "status", "progress", "bytes_done", "bytes_total", "started_at", "ended_at"]
    readonly_fields = fields
    show_change_link = True


class StepInline(RecordInline):
    model = Step
    formset = NewestFormSet
    ordering = ["-id"]
    verbose_name_plural = _("newest steps")
    fields = ["at", "status", "message", "details", "took"]
    readonly_fields = fields
    hide_title = True

    @admin.display(description=_("took"))
    def took(self, step: Step) -> str:
        return duration(step.duration)


class LogLineInline(RecordInline):
    model = LogLine
    formset = NewestFormSet
    ordering = ["-id"]
    verbose_name_plural = _("newest log lines")
    fields = ["at", "level", "source", "message"]
    readonly_fields = fields
    hide_title = True


@admin.register(TrackedFile)
class TrackedFileAdmin(RecordAdmin):
    list_display = ["name", "kind", "status_badge", "percent", "attempt", "company", "created_at"]
    list_filter = ["status", "kind", "company"]
    search_fields = ["name", "original_path", "error"]
    list_select_related = ["company"]
    readonly_fields = ["newest_steps"]
    inlines = [StageInline, LogLineInline]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, file: TrackedFile) -> SafeString:
        return badge(file.status)

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, file: TrackedFile) -> str:
        return f"{file.progress:.0f} %"

    @admin.display(description=_("newest steps"))
    def newest_steps(self, file: TrackedFile) -> SafeString:
        stages = {stage.pk: str(stage.standard.name) for stage in file.stages.all()}
        found = latest_steps(stage_ids=list(stages), most=5)
        rows = [
            (stages[step.stage_id], step.message, duration(step.duration))
            for steps in found.values()
            for step in steps
        ]
        return format_html_join("", "<div>{}: {} ({})</div>", rows)


@admin.register(Stage)
class StageAdmin(RecordAdmin):
    company_path = "file__company"
    list_display = ["file", "key", "status_badge", "started_at", "ended_at"]
    list_filter = ["status", "key"]
    search_fields = ["file__name"]
    list_select_related = ["file__company"]
    inlines = [StepInline]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, stage: Stage) -> SafeString:
        return badge(stage.status)


@admin.register(Step)
class StepAdmin(RecordAdmin):
    company_path = "stage__file__company"
    paginator = CappedPaginator
    ordering = ["-id"]
    list_display = ["at", "file", "stage", "status_badge", "message", "took"]
    list_filter = ["status"]
    search_fields = ["message", "stage__file__name"]
    list_select_related = ["stage__file__company"]

    @admin.display(description=_("file"))
    def file(self, step: Step) -> str:
        return step.stage.file.name

    @admin.display(description=_("status"))
    def status_badge(self, step: Step) -> SafeString:
        return badge(step.status)

    @admin.display(description=_("took"))
    def took(self, step: Step) -> str:
        return duration(step.duration)


@admin.register(LogLine)
class LogLineAdmin(RecordAdmin):
    company_path = "file__company"
    paginator = CappedPaginator
    ordering = ["-id"]
    list_display = ["at", "file", "level", "source", "message"]
    list_filter = ["level"]
    search_fields = ["message", "file__name"]
    list_select_related = ["file__company"]
