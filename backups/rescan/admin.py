"""Two actions on the admin's list of storages: look what a rescan would do, and do it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.policy import NotAllowed
from backups.rescan.findings import Outcome
from backups.rescan.services import rescan
from storage.admin import StorageTargetAdmin
from storage.errors import StorageError

# A request is no place for hours; what was found by then stays.
SECONDS = 20.0


@admin.action(description=_("Rescan: say what is there and not known"), permissions=["change"])
def rescan_dry(model_admin: Any, request: HttpRequest, queryset: Any) -> None:
    _rescan(model_admin, request, queryset, dry_run=True)


@admin.action(description=_("Rescan: make known what is there"), permissions=["change"])
def rescan_now(model_admin: Any, request: HttpRequest, queryset: Any) -> None:
    _rescan(model_admin, request, queryset, dry_run=False)


def _rescan(model_admin: Any, request: HttpRequest, queryset: Any, *, dry_run: bool) -> None:
    for target in queryset:
        if not model_admin.has_change_permission(request, target):
            continue
        assert isinstance(request.user, User)
        try:
            report = rescan(target=target, actor=request.user, dry_run=dry_run, seconds=SECONDS)
        except (NotAllowed, StorageError) as error:
            messages.error(request, f"{target.name}: {error}")
            continue
        counted = ", ".join(
            f"{outcome.label}: {report.counts[outcome]}"
            for outcome in Outcome
            if report.counts[outcome]
        )
        is_bad = report.counts[Outcome.CONFLICT] or not report.complete
        say = messages.warning if is_bad else messages.success
        say(request, f"{target.name}: {counted or _t('Nothing lies there.')}")
        if is_bad:
            said = _t("Each of them by name: manage.py backup rescan %s --dry-run")
            messages.info(request, said % target.pk)


StorageTargetAdmin.actions = [*StorageTargetAdmin.actions, rescan_dry, rescan_now]
