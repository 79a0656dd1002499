"""Which backups of a database stay and why, and which go: pure, of what is known of each.

Only good ones count, by the time at which the server had received them. What is stamped ahead
of the clock counts for nothing, and stays.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitoring.times.clock import CORRECTION

# Of a backup that is not good there may be something left to find out.
NOT_GOOD_STAYS = timedelta(days=30)
# More than this at once, only because time has passed, is more likely a clock that jumped.
FEW = 3


class Reason(StrEnum):
    LAST = "last"
    DAYS = "days"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    NO_POLICY = "no_policy"
    NEWEST_GOOD = "newest_good"
    NEWEST_WHOLE = "newest_whole"
    NEWEST_PROVEN = "newest_proven"
    PINNED = "pinned"
    HELD = "held"
    IN_USE = "in_use"
    LOCKED = "locked"
    AHEAD = "ahead_of_clock"
    NOT_GOOD = "not_good_yet_young"


class Stop(StrEnum):
    """Why nothing is removed until a person has looked."""

    CLOCK_BEHIND = "clock_behind"
    TOO_MANY = "too_many_by_time"


@dataclass(frozen=True)
class Policy:
    """Numbers of 0 keep nothing by themselves. `zone` is where its days begin."""

    last: int = 0
    days: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    zone: str = "UTC"

    @property
    def is_empty(self) -> bool:
        counts = (self.hourly, self.daily, self.weekly, self.monthly, self.yearly)
        return not any((self.last, self.days, *counts))


@dataclass(frozen=True)
class Candidate:
    """A completed backup that has its bytes. `group` is whose policy it follows."""

    key: Hashable
    received_at: datetime
    good: bool = True
    whole: bool = True
    proven: bool = False
    group: Hashable = None
    # Reasons that do not come from the plan: pinned, held, in use, locked by the storage.
    stays: frozenset[Reason] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """It goes when nothing says that it stays. `by_time`: because it has become too old."""

    candidate: Candidate
    stays: tuple[Reason, ...]
    by_time: bool = False

    @property
    def goes(self) -> bool:
        return not self.stays


def plan(
    candidates: Iterable[Candidate], policies: Mapping[Hashable, Policy | None], *, now: datetime
) -> list[Verdict]:
    """A verdict for each, the newest first. `policies` by group; None keeps all of it."""
    rows = sorted(candidates, key=lambda one: (one.received_at, str(one.key)), reverse=True)
    reasons: dict[Hashable, set[Reason]] = {one.key: set(one.stays) for one in rows}
    present = [one for one in rows if one.received_at <= now]
    for one in rows:
        if one.received_at > now:
            reasons[one.key].add(Reason.AHEAD)
    # Both: what is ahead may be the newest that there is, and may be a clock's mistake.
    for among in (rows, present):
        _keep_the_newest(among, reasons)
    for group in {one.group for one in rows}:
        _keep_by_policy([one for one in present if one.group == group], policies, reasons, now)
    return [_verdict(one, reasons[one.key], policies.get(one.group)) for one in rows]


def suspicion(verdicts: Collection[Verdict], *, now: datetime) -> Stop | None:
    """Whether the clock, and not the policy, seems to say what goes."""
    if any(one.candidate.received_at > now + CORRECTION for one in verdicts):
        return Stop.CLOCK_BEHIND
    good = [one for one in verdicts if one.candidate.good]
    by_time = [one for one in good if one.goes and one.by_time]
    if len(by_time) > FEW and 2 * len(by_time) > len(good):
        return Stop.TOO_MANY
    return None


def _keep_the_newest(rows: list[Candidate], reasons: dict[Hashable, set[Reason]]) -> None:
    good = [one for one in rows if one.good]
    for reason, found in (
        (Reason.NEWEST_GOOD, good),
        (Reason.NEWEST_WHOLE, [one for one in good if one.whole]),
        (Reason.NEWEST_PROVEN, [one for one in good if one.proven]),
    ):
        if found:
            reasons[found[0].key].add(reason)


def _keep_by_policy(
    rows: list[Candidate],
    policies: Mapping[Hashable, Policy | None],
    reasons: dict[Hashable, set[Reason]],
    now: datetime,
) -> None:
    if not rows:
        return
    policy = policies.get(rows[0].group)
    if policy is None or policy.is_empty:
        for one in rows:
            reasons[one.key].add(Reason.NO_POLICY)
        return
    good = [one for one in rows if one.good]
    for one in rows:
        if not one.good and one.received_at > now - NOT_GOOD_STAYS:
            reasons[one.key].add(Reason.NOT_GOOD)
    for one in good[: policy.last]:
        reasons[one.key].add(Reason.LAST)
    for one in good:
        if policy.days and one.received_at > now - timedelta(days=policy.days):
            reasons[one.key].add(Reason.DAYS)
    for reason, count, bucket in _buckets(policy):
        for one in _newest_of_each(good, count, bucket):
            reasons[one.key].add(reason)


Bucket = Callable[[datetime], Hashable]


def _buckets(policy: Policy) -> list[tuple[Reason, int, Bucket]]:
    zone = ZoneInfo(policy.zone)

    def local(moment: datetime) -> datetime:
        return moment.astimezone(zone)

    return [
        # In UTC: an hour that autumn repeats is two.
        (Reason.HOURLY, policy.hourly, lambda at: at.astimezone(UTC).strftime("%Y%m%d%H")),
        (Reason.DAILY, policy.daily, lambda at: local(at).date()),
        (Reason.WEEKLY, policy.weekly, lambda at: local(at).isocalendar()[:2]),
        (Reason.MONTHLY, policy.monthly, lambda at: (local(at).year, local(at).month)),
        (Reason.YEARLY, policy.yearly, lambda at: local(at).year),
    ]


def _newest_of_each(good: list[Candidate], count: int, bucket: Bucket) -> list[Candidate]:
    """The newest one of each of the newest `count` periods that have any: gaps use up nothing."""
    found: dict[Hashable, Candidate] = {}
    for one in good:
        if len(found) == count:
            break
        found.setdefault(bucket(one.received_at), one)
    return list(found.values())


def _verdict(candidate: Candidate, reasons: set[Reason], policy: Policy | None) -> Verdict:
    stays = tuple(reason for reason in Reason if reason in reasons)
    return Verdict(candidate, stays, by_time=not stays and policy is not None and policy.days > 0)
