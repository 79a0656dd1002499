"""What checks and drills say of one backup, as its page shows it."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import ngettext

from access.models import User
from backups.checks.queueing import ACTIVE
from backups.checks.requesting import refuse_impossible_drill
from backups.description import newest_results
from backups.errors import BackupError
from backups.models import Backup, Check, LevelResult
from backups.pages.check_course import CountedCourse, course_of_check
from backups.pages.failures import cure_of
from backups.pages.fingerprint import FingerprintView, fingerprint_view
from look.units import grouped

MOST_DIFFERENCES = 100
MOST_MISSING = 20
# As many as a check keeps: of so many nobody knows how many more there are.
MOST_KEPT = 500
EARLIER = 5

Validation = Backup.Validation


@dataclass(frozen=True)
class Checks:
    """`active` waits or runs; `newest` by level; `earlier` are over, the newest first, each with
    what to do when it failed.

    `level` is the one that the backup's standing comes from, in words.
    """

    level: str
    active: Check | None
    course: CountedCourse | None
    newest: list[LevelResult]
    earlier: list[tuple[Check, str]]
    may_ask: bool
    may_cancel: bool
    can_drill: bool
    why_not: str


@dataclass(frozen=True)
class Proof:
    """`drill` is the last one that came to its end."""

    drill: Check | None
    fingerprint: FingerprintView | None
    differences: list[dict[str, str]] = field(default_factory=list)
    more: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        return self.drill is not None and self.drill.outcome == Validation.PROVEN

    @property
    def more_are_known(self) -> bool:
        return len(self.differences) + self.more < MOST_KEPT

    @property
    def equal_tables(self) -> int | None:
        """How many tables are as they were; None where that was not found out."""
        drill, marks = self.drill, self.fingerprint
        if drill is None or marks is None or not self.more_are_known:
            return None
        if not (self.is_proven or drill.differences):
            return None
        return marks.total - sum(1 for table in marks.tables if table.said)


def standing_since(backup: Backup, proof: Proof) -> datetime | None:
    """When what is known of it was found: by the drill, though it was read once more since."""
    if backup.validation_level == LevelResult.Level.RESTORE and proof.drill is not None:
        return proof.drill.completed_at
    return backup.checked_at


def active_check(backup: Backup) -> Check | None:
    rows = backup.checks.filter(status__in=ACTIVE).select_related("file", "created_by")
    return rows.prefetch_related("file__stages").first()


def checks_of(backup: Backup, user: User) -> Checks:
    active = active_check(backup)
    if active is not None:
        active.backup = backup
    is_done = backup.status == Backup.Status.COMPLETED
    may = user.may("backups.check_backup", backup.company)
    why_not = why_no_drill(backup) if is_done and may else ""
    return Checks(
        level=_level_words(backup),
        active=active,
        course=course_of_check(active) if active else None,
        newest=_newest_of_each_level(backup),
        earlier=[(check, cure_of(check.error_code)) for check in _over(backup)[:EARLIER]],
        may_ask=may and is_done and active is None,
        may_cancel=active is not None and user.may("backups.cancel_backup", backup.company),
        can_drill=not why_not,
        why_not=why_not,
    )


def proof_of(backup: Backup) -> Proof:
    drills = _over(backup).defer(None).filter(level=LevelResult.Level.RESTORE)
    drill = drills.filter(status=Backup.Status.COMPLETED).first()
    found = drill.differences if drill else []
    # Of several, the first says most: the rows come before the definition.
    said = {one["name"]: one["said"] for one in reversed(found) if one["kind"] == "table"}
    return Proof(
        drill=drill,
        fingerprint=fingerprint_view(backup.manifest, said),
        differences=found[:MOST_DIFFERENCES],
        more=max(0, len(found) - MOST_DIFFERENCES),
        missing=first_of(drill.missing if drill else []),
    )


def why_no_drill(backup: Backup) -> str:
    """Why this backup cannot be drilled here; empty when it can."""
    try:
        refuse_impossible_drill(backup)
    except BackupError as error:
        return str(error)
    return ""


def first_of(names: list[str]) -> list[str]:
    """The first names, and in place of the others how many there are."""
    rest = len(names) - MOST_MISSING
    if rest <= 0:
        return names
    more = ngettext("and one more", "and %(count)s more", rest) % {"count": grouped(rest)}
    return [*names[:MOST_MISSING], more]


def _level_words(backup: Backup) -> str:
    words = dict(LevelResult.Level.choices)
    return str(words.get(backup.validation_level, backup.validation_level))


def _over(backup: Backup) -> QuerySet[Check]:
    rows = backup.checks.exclude(status__in=ACTIVE).select_related("created_by")
    return rows.defer("differences", "missing").order_by("-created_at", "-id")


def _newest_of_each_level(backup: Backup) -> list[LevelResult]:
    newest = newest_results(backup)
    return [newest[level] for level in LevelResult.Level.values if level in newest]
