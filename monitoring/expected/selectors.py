"""Reading expected backups: everything starts from what the actor may see."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import Actor
from monitoring.expected.entry_cursors import newer_than, older_than, read_cursor
from monitoring.expected.entry_texts import entries_of, read_texts
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.states import Status
from monitoring.files.api.query import LARGEST_ID

MOST = 200
FEW = 1000


def list_jobs(*, actor: Actor) -> QuerySet[ExpectedBackupJob]:
    rows: QuerySet[ExpectedBackupJob] = ExpectedBackupJob.objects.visible_to(actor)
    return rows.select_related("company")


def search_jobs(rows: QuerySet[ExpectedBackupJob], text: str) -> QuerySet[ExpectedBackupJob]:
    """Those with the text in their company, city, database or agent."""
    text = text.replace("\0", "")
    if not text:
        return rows
    return rows.filter(
        Q(database_name__icontains=text)
        | Q(city__icontains=text)
        | Q(agent_id_responsible__icontains=text)
        | Q(company__name__icontains=text)
    )


def job_for(*, actor: Actor, job_id: int | str) -> ExpectedBackupJob:
    """Raises NotFound, alike for a missing job and one that the actor may not see."""
    found = None
    if 0 < int(job_id) <= LARGEST_ID:
        found = list_jobs(actor=actor).filter(pk=int(job_id)).first()
    if found is None:
        raise NotFound(_("There is no such expected backup."))
    return found


@dataclass(frozen=True)
class EntryFilters:
    """Moments are of the due time; both ends are included."""

    status: list[str] = field(default_factory=list)
    after: datetime | None = None
    until: datetime | None = None
    job: int | None = None
    company_name: str = ""
    city: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Page:
    """`results` are JSON texts in the documented shape; `next` and `previous` are cursors, of what
    is older and newer, None at an end."""

    results: list[str]
    next: str | None
    previous: str | None


def list_entries(
    *, actor: Actor, filters: EntryFilters, cursor: str | None = None, limit: int = 50
) -> Page:
    """Newest due time first, a page by keyset: the first and the ten-thousandth cost the same.

    Raises BadField.
    """
    rows, newer = _filtered(entries_of(actor), filters), False
    if cursor:
        newer, behind = read_cursor(cursor)
        rows = rows.filter(behind)
    order = ("expected_at", "id") if newer else ("-expected_at", "-id")
    limit = max(1, min(limit, MOST))
    found = read_texts(rows.order_by(*order)[: limit + 1])
    more = len(found) > limit
    # The one too many is that which is furthest from where the reader came.
    found = (found[1:] if newer else found[:-1]) if more else found
    if not found:
        return Page([], None, None)
    # Behind is where the reader came from.
    has_older, has_newer = (True, more) if newer else (more, bool(cursor))
    return Page(
        [text for _place, text in found],
        older_than(found[-1][0]) if has_older else None,
        newer_than(found[0][0]) if has_newer else None,
    )


def _filtered(rows: Any, filters: EntryFilters) -> Any:
    unknown = [one for one in filters.status if one not in Status.values]
    if unknown:
        words = _("%(value)s is not one of %(known)s.")
        known = ", ".join(Status.values)
        raise BadField("status", words % {"value": unknown[0][:40], "known": known})
    condition = Q()
    if filters.status:
        condition &= Q(status__in=filters.status)
    if filters.after:
        condition &= Q(expected_at__gte=filters.after)
    if filters.until:
        condition &= Q(expected_at__lte=filters.until)
    if filters.job is not None:
        condition &= Q(job_id=filters.job)
    if filters.company_name:
        named = Company.objects.filter(name=filters.company_name)
        condition &= Q(company_id__in=list(named.values_list("pk", flat=True)))
    return rows.filter(condition & _of_jobs(filters))


def _of_jobs(filters: EntryFilters) -> Q:
    """Few jobs are named by their ids: their entries are found by the index of each. Of many the
    next page is never far."""
    asked = {"city": filters.city, "agent_id_responsible": filters.agent}
    wanted = {name: text for name, text in asked.items() if text}
    if not wanted:
        return Q()
    jobs = ExpectedBackupJob.objects.filter(**wanted).order_by()
    ids = list(jobs.values_list("pk", flat=True)[: FEW + 1])
    if len(ids) <= FEW:
        return Q(job_id__in=ids)
    return Q(**{f"job__{name}": text for name, text in wanted.items()})


def entry_for(*, actor: Actor, entry_id: int | str) -> str:
    """As JSON. Raises NotFound, alike for a missing entry and one that the actor may not see."""
    if 0 < int(entry_id) <= LARGEST_ID:
        for _place, text in read_texts(entries_of(actor).filter(pk=int(entry_id))[:1]):
            return text
    raise NotFound(_("There is no such entry."))
