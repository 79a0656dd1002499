"""The files at work, as a dashboard lists them, for many scopes in one question."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitoring.figures.scopes import Scope, companies_of
from monitoring.files.models import TrackedFile
from monitoring.live.facts import NO_FACTS, Facts, facts_of

# Of one dashboard; and of all that are asked for together.
MOST, MOST_OF_ALL = 100, 2000
_COLUMNS = (
    *("pk", "company_id", "created_by_id", "kind"),
    *("name", "original_path", "progress", "started_at"),
)


@dataclass(frozen=True)
class Running:
    id: str
    kind: str
    title: str
    url: str
    progress: float
    started_at: datetime | None
    facts: Facts = field(default=NO_FACTS)


def read_running(scopes: Iterable[Scope]) -> dict[Scope, tuple[Running, ...]]:
    """The newest of what is at work; in two questions."""
    wanted = list(set(scopes))
    companies = companies_of(wanted)
    rows = TrackedFile.objects.filter(status=TrackedFile.Status.PROCESSING)
    if companies is not None:
        rows = rows.filter(company_id__in=companies)
    found = list(rows.order_by("-created_at").values(*_COLUMNS)[:MOST_OF_ALL])
    facts = facts_of([row["pk"] for row in found])
    return {
        scope: tuple(
            _running(row, facts.get(row["pk"], NO_FACTS))
            for row in found
            if scope.holds(company=row["company_id"], by=row["created_by_id"], kind=row["kind"])
        )[:MOST]
        for scope in wanted
    }


def _running(row: dict[str, Any], facts: Facts) -> Running:
    return Running(
        id=str(row["pk"]),
        kind=row["kind"],
        title=row["name"],
        url=row["original_path"],
        progress=round(row["progress"], 1),
        started_at=row["started_at"],
        facts=facts,
    )
