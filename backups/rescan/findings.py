"""What a rescan says of each file, and the sum of it: bounded, however much lies there."""

import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from backups.rescan.manifests import shown

MOST_KEPT = 500


class Outcome(models.TextChoices):
    KNOWN = "known", _("Known, and as recorded")
    AT_WORK = "at_work", _("Somebody is at work on it")
    FOUND = "found", _("Was not known")
    RESURRECTED = "resurrected", _("Was deleted, and is back")
    DELETED = "deleted", _("Was deleted here")
    CONFLICT = "conflict", _("Conflict")
    SKIPPED = "skipped", _("Skipped")
    FOREIGN = "foreign", _("Without a manifest")


@dataclass(frozen=True)
class Finding:
    """`reason` is stable, `said` is for a person. A dry run finds what a real one would do."""

    outcome: Outcome
    key: str
    reason: str = ""
    said: str = ""
    backup_id: uuid.UUID | None = None

    def described(self) -> dict[str, Any]:
        return {
            "outcome": str(self.outcome),
            "key": shown(self.key),
            "reason": self.reason or None,
            "said": str(self.said) or None,
            "backup": str(self.backup_id) if self.backup_id else None,
        }


@dataclass
class Report:
    """`findings` are the first ones of all that is not simply known; `counts` are of all."""

    dry_run: bool
    complete: bool = True
    checks: int = 0
    databases: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.counts[finding.outcome] += 1
        quiet = finding.outcome in (Outcome.KNOWN, Outcome.AT_WORK)
        if not quiet and len(self.findings) < MOST_KEPT:
            self.findings.append(finding)

    @property
    def has_news(self) -> bool:
        return bool(self.counts[Outcome.FOUND] or self.counts[Outcome.RESURRECTED])

    def described(self) -> dict[str, Any]:
        found = asdict(self)
        return {
            **{name: found[name] for name in ("dry_run", "complete", "checks", "databases")},
            "counts": {outcome: self.counts[outcome] for outcome in Outcome.values},
            "findings": [finding.described() for finding in self.findings],
        }
