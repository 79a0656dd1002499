"""The admin of databases, backups and checks. Changes go through the services."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminPasswordWidget

from access.models import User
from access.policy import NotAllowed
from access.scoped_admin import CappedPaginator, RecordAdmin, ScopedAdmin
from backups import planned_admin
from backups.checks.requesting import request_check
from backups.databases import EDITABLE, create_database, test_connection, update_database
from backups.errors import BackupError
from backups.models import Backup, Check, Copy, Database, LevelResult, RecoveryKey
from backups.pages.database_form import KeptPassword
from backups.rescan import admin as rescan_actions
from look.badges import badge
from look.templatetags.look import ago
from look.units import duration, size


class DatabaseAdminForm(KeptPassword):
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep the stored one."),
    )

    class Meta:
        model = Database
        fields = ["company", *EDITABLE]


@admin.register(Database)
class DatabaseAdmin(ScopedAdmin):
    form = DatabaseAdminForm
    list_display = ["name", "engine", "host", "port", "database_name", "username", "company"]
    list_filter = ["engine", "tls_mode", "company"]
    search_fields = ["name", "host", "database_name"]
    list_select_related = ["company"]
    actions = ["test_connections"]
    fields = [*DatabaseAdminForm.Meta.fields, "password"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It goes with all of its backups: by the API, with its name typed.
        return False

    def save_model(self, request: HttpRequest, obj: Database, form: Any, change: bool) -> None:
        actor = request.user
        if not isinstance(actor, User):
            raise PermissionDenied
        values = {
            name: form.cleaned_data[name]
            for name in DatabaseAdminForm.Meta.fields
            if name != "company"
        }
        password = form.cleaned_data["password"]
        try:
            if change:
                update_database(
                    database=Database.objects.get(pk=obj.pk),
                    actor=actor,
                    password=password or None,
                    **values,
                )
            else:
                made = create_database(
                    company=obj.company, actor=actor, password=password, **values
                )
                obj.pk, obj._state.adding = made.pk, False
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error

    def record(self, request: HttpRequest, verb: str, thing: Any, message: Any) -> None:
        # The services have written the other verbs.
        if verb == "deleted":
            super().record(request, verb, thing, message)

    @admin.action(description=_("Test the connection"), permissions=["test"])
    def test_connections(self, request: HttpRequest, queryset: Any) -> None:
        actor = request.user
        for database in queryset:
            if not isinstance(actor, User) or not self.has_test_permission(request, database):
                continue
            try:
                facts = test_connection(database=database, actor=actor)
            except BackupError as error:
                messages.error(request, f"{database.name}: {error} {error.cure}")
            else:
                said = _t("%(name)s answers: PostgreSQL %(version)s, %(size)s.")
                messages.success(
                    request,
                    said
                    % {
                        "name": database.name,
                        "version": facts.version,
                        "size": size(facts.size_bytes),
                    },
                )

    def has_test_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "test", obj)


@admin.register(Backup)
class BackupAdmin(RecordAdmin):
    list_display = [
        "database",
        "status_badge",
        "integrity",
        "size_words",
        "took",
        "trigger",
        "created",
        "file_name",
    ]
    list_filter = ["status", "validation", "trigger", "created_at", "database", "company"]
    search_fields = ["file_name", "label", "comment", "sha256", "database__name"]
    list_select_related = ["database", "company"]
    actions = ["check_stored", "drill_stored"]

    def view_on_site(self, backup: Backup) -> str:
        return reverse("backups:detail", args=[backup.pk])

    @admin.action(description=_("Check the stored bytes"), permissions=["check"])
    def check_stored(self, request: HttpRequest, queryset: Any) -> None:
        self._ask_for(request, queryset, LevelResult.Level.CONTENT)

    @admin.action(description=_("Start a restore drill"), permissions=["check"])
    def drill_stored(self, request: HttpRequest, queryset: Any) -> None:
        self._ask_for(request, queryset, LevelResult.Level.RESTORE)

    def has_check_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "check", obj)

    def _ask_for(self, request: HttpRequest, queryset: Any, level: str) -> None:
        """Ask for a check of each: those that cannot be checked are named, with why."""
        actor, asked = request.user, 0
        if not isinstance(actor, User):
            raise PermissionDenied
        for backup in queryset:
            try:
                request_check(backup=backup, actor=actor, level=level)
            except (BackupError, NotAllowed) as error:
                messages.error(request, f"{backup}: {error}")
            else:
                asked += 1
        if asked:
            said = ngettext("%(count)d check was asked for.", "%(count)d were asked for.", asked)
            messages.success(request, said % {"count": asked})

    @admin.display(description=_("state"), ordering="status")
    def status_badge(self, backup: Backup) -> SafeString:
        return badge(backup.status)

    @admin.display(description=_("integrity"), ordering="validation")
    def integrity(self, backup: Backup) -> SafeString:
        return badge(backup.validation)

    @admin.display(description=_("size"), ordering="size_bytes")
    def size_words(self, backup: Backup) -> str:
        return size(backup.size_bytes)

    @admin.display(description=_("age"), ordering="created_at")
    def created(self, backup: Backup) -> SafeString | str:
        return ago(backup.created_at)

    @admin.display(description=_("took"))
    def took(self, backup: Backup) -> str:
        ended = backup.completed_at
        return duration(ended - backup.started_at if ended and backup.started_at else None)


@admin.register(LevelResult)
class LevelResultAdmin(RecordAdmin):
    company_path = "backup__company"
    list_display = ["backup", "level", "result", "detail", "checked_at"]
    list_filter = ["level", "passed"]
    search_fields = ["backup__file_name", "detail"]
    list_select_related = ["backup__company"]

    @admin.display(description=_("result"), ordering="passed")
    def result(self, check: LevelResult) -> SafeString:
        return badge("passed" if check.passed else "failed")


@admin.register(Check)
class CheckAdmin(RecordAdmin):
    list_display = [
        "backup",
        "level",
        "status_badge",
        "outcome_badge",
        "took",
        "server_version",
        "created_at",
    ]
    list_filter = ["level", "status", "outcome", "company"]
    search_fields = ["backup__file_name", "error"]
    list_select_related = ["company", "backup"]
    paginator = CappedPaginator

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, check: Check) -> SafeString:
        return badge(check.status)

    @admin.display(description=_("outcome"), ordering="outcome")
    def outcome_badge(self, check: Check) -> SafeString | str:
        return badge(check.outcome) if check.outcome else ""

    @admin.display(description=_("time to restore"), ordering="restore_seconds")
    def took(self, check: Check) -> str:
        return "" if check.restore_seconds is None else duration(check.restore_seconds)


@admin.register(RecoveryKey)
class RecoveryKeyAdmin(RecordAdmin):
    company_path = None
    list_display = ["public", "made_at", "downloaded_at", "rehearsed_at"]


@admin.register(Copy)
class CopyAdmin(RecordAdmin):
    list_display = ["backup", "target", "status_badge", "tries", "created_at", "completed_at"]
    list_filter = ["status", "target", "company"]
    search_fields = ["backup__file_name", "error"]
    list_select_related = ["backup", "target"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, copy: Copy) -> SafeString:
        return badge(copy.status)


__all__ = ["planned_admin", "rescan_actions"]  # read for what they add to the site
