"""Reading the sets: the newest ones, how old, and what is wrong with that."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.models import Company
from backups.recovery.state import disk_of_target, key_state
from controlplane.models import ControlSet
from storage.models import StorageTarget

OLDEST = timedelta(days=2)
Status = ControlSet.Status


@dataclass(frozen=True)
class Standing:
    """Whether Holdfast itself could be recovered. `age` is of the newest whole set."""

    newest: ControlSet | None
    age: timedelta | None
    is_stale: bool
    warnings: list[str]


def kept_sets() -> QuerySet[ControlSet]:
    """The whole ones that are to stay, newest first."""
    return (
        ControlSet.objects.filter(status=Status.COMPLETED, forgotten_at=None)
        .select_related("target")
        .order_by("-completed_at", "-id")
    )


def recent_sets() -> QuerySet[ControlSet]:
    """What a page shows: the kept ones, those under way, and the failures among them."""
    rows = ControlSet.objects.filter(Q(forgotten_at=None) | Q(status=Status.FAILED))
    return rows.select_related("target").order_by("-created_at", "-id")[:20]


def own_target() -> StorageTarget | None:
    """Where the sets go: HOLDFAST_OWN_STORAGE, else the default of the first company."""
    rows = StorageTarget.objects.select_related("company").order_by("company_id", "created_at")
    named = settings.ENVIRONMENT.own_storage
    if named:
        return rows.filter(name=named).first()
    return rows.filter(is_default=True).first() or rows.first()


def uses_target(target: StorageTarget) -> bool:
    return ControlSet.objects.filter(target=target, purged_at=None).exists()


def standing() -> Standing:
    aged = kept_sets().annotate(
        age=ExpressionWrapper(Now() - F("completed_at"), output_field=DurationField())
    )
    newest = aged.first()
    age: timedelta | None = newest.age if newest else None
    # A clock that went back must not make a set young for years.
    is_stale = is_overdue() if age is None else not timedelta(-1) < age < OLDEST
    return Standing(newest, age, is_stale, list(_warnings(newest)))


def is_overdue() -> bool:
    """Whether an installation without any set is old enough to have one."""
    return Company.objects.filter(created_at__lt=Now() - OLDEST).exists()


def _warnings(newest: ControlSet | None) -> list[str]:
    found = []
    if own_target() is None:
        found.append(_("There is no storage for it; HOLDFAST_OWN_STORAGE has to name one."))
    if not key_state().is_downloaded:
        found.append(
            _("Nobody holds the recovery key: without it no set opens when this machine is gone.")
        )
    if newest is not None:
        disk = disk_of_target(newest.target)
        if disk is not None and disk == settings.PLACES.data.stat().st_dev:
            found.append(
                _("The newest set lies on the disk of Holdfast's own data: copy it elsewhere.")
            )
    return found
