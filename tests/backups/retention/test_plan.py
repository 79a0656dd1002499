"""What stays and what goes, over ten years of runs that fail and clocks that jump."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.retention.plan import (
    FEW,
    Candidate,
    Policy,
    Reason,
    Stop,
    Verdict,
    plan,
    suspicion,
)
from tests.monitoring.times.test_due import BEGIN, ZONES

DAY = timedelta(days=1)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def daily(count: int, **more: Any) -> list[Candidate]:
    """One a day, the newest of an hour ago."""
    return [
        Candidate(key=number, received_at=NOW - timedelta(hours=1) - number * DAY, **more)
        for number in range(count)
    ]


def going(rows: Iterable[Candidate], policy: Policy | None, now: datetime = NOW) -> set[object]:
    return {one.candidate.key for one in plan(rows, {None: policy}, now=now) if one.goes}


class TestPolicies:
    def test_the_last(self) -> None:
        assert going(daily(10), Policy(last=3)) == set(range(3, 10))

    def test_days(self) -> None:
        assert going(daily(10), Policy(days=4)) == set(range(4, 10))

    def test_none_keeps_all(self) -> None:
        assert going(daily(10), None) == going(daily(10), Policy()) == set()

    def test_grandfather_father_son(self) -> None:
        rows = daily(800)
        stays = set(range(800)) - going(rows, Policy(daily=3, weekly=2, monthly=3, yearly=2))
        # 15 June 2026 is a Monday: Sunday ends the week before, and each month its last day.
        assert stays == {0, 1, 2, 15, 46, 166}

    def test_a_gap_uses_nothing_up(self) -> None:
        rows = daily(400)
        assert going([rows[0], rows[200], rows[300]], Policy(daily=3)) == set()

    def test_bad_ones_count_for_nothing_and_go_after_a_month(self) -> None:
        rows = [replace(one, good=one.key in (3, 50)) for one in daily(60)]
        assert going(rows, Policy(last=2)) == {*range(30, 50), *range(51, 60)}

    def test_each_schedule_keeps_its_own(self) -> None:
        rows = [replace(one, group=number % 2) for number, one in enumerate(daily(10))]
        found = plan(rows, {0: Policy(last=2), 1: None}, now=NOW)
        assert {one.candidate.key for one in found if one.goes} == {4, 6, 8}

    @pytest.mark.parametrize("reason", [Reason.PINNED, Reason.HELD, Reason.IN_USE, Reason.LOCKED])
    def test_what_is_kept_for_another_reason_stays(self, reason: Reason) -> None:
        rows = daily(5)
        rows[4] = replace(rows[4], stays=frozenset({reason}))
        assert going(rows, Policy(last=1)) == {1, 2, 3}

    def test_the_newest_proven_and_the_newest_whole_stay(self) -> None:
        rows = [replace(one, whole=one.key == 7, proven=one.key == 9) for one in daily(12)]
        assert set(range(12)) - going(rows, Policy(last=1)) == {0, 7, 9}


class TestTheClock:
    def test_what_is_stamped_ahead_takes_no_ones_place(self) -> None:
        ahead = [Candidate(key=f"+{n}", received_at=NOW + n * DAY) for n in range(1, 9)]
        assert going([*ahead, *daily(5)], Policy(last=3)) == {3, 4}
        assert suspicion(plan([*ahead, *daily(5)], {}, now=NOW), now=NOW) == Stop.CLOCK_BEHIND

    def test_too_many_by_time_is_said(self) -> None:
        later = plan(daily(30), {None: Policy(days=30)}, now=NOW + 731 * DAY)
        assert suspicion(later, now=NOW + 731 * DAY) == Stop.TOO_MANY

    def test_counting_policies_do_not_ask_the_clock(self) -> None:
        policy = Policy(last=5, daily=7, monthly=3)
        assert going(daily(90), policy) == going(daily(90), policy, NOW + 731 * DAY)
        assert suspicion(plan(daily(90), {None: policy}, now=NOW), now=NOW) is None

    def test_a_night_as_usual_is_not(self) -> None:
        night = plan(daily(31), {None: Policy(days=30)}, now=NOW)
        assert suspicion(night, now=NOW) is None


POLICIES = st.builds(
    Policy,
    last=st.integers(0, 5),
    days=st.sampled_from((0, 0, 3, 30)),
    hourly=st.sampled_from((0, 0, 6)),
    daily=st.sampled_from((0, 7)),
    weekly=st.sampled_from((0, 4)),
    monthly=st.sampled_from((0, 6)),
    yearly=st.sampled_from((0, 2)),
    zone=st.sampled_from(ZONES),
)
STEPS = st.tuples(
    st.sampled_from((1, 6, 24, 24, 24, 24 * 9, 24 * 120)),  # hours until the next run
    st.sampled_from((0,) * 12 + (731, -731, 1, -1)),  # by how many days the clock jumps
    st.sampled_from(("good", "good", "good", "proven", "part", "failed", "corrupt")),
    st.sampled_from(("", "", "", "", "pin", "hold", "use")),
)


def order(one: Candidate) -> tuple[datetime, str]:
    return one.received_at, str(one.key)


@dataclass
class Kept:
    policy: Policy
    rows: dict[Hashable, Candidate] = field(default_factory=dict)

    def clean(self, now: datetime) -> list[Verdict]:
        found = plan(self.rows.values(), {None: self.policy}, now=now)
        if suspicion(found, now=now) is not None:
            return []
        gone = [one for one in found if one.goes]
        self.check(gone, now)
        for one in gone:
            del self.rows[one.candidate.key]
        if gone:
            again = plan(self.rows.values(), {None: self.policy}, now=now)
            assert not [one for one in again if one.goes], "what stays depends on what went"
        return gone

    def check(self, gone: list[Verdict], now: datetime) -> None:
        went = {one.candidate.key for one in gone}
        in_order = sorted(self.rows.values(), key=order, reverse=True)
        good = [one for one in in_order if one.good]
        for among in (good, [g for g in good if g.whole], [g for g in good if g.proven]):
            assert not among or among[0].key not in went
        assert not any(one.candidate.stays for one in gone)
        if self.policy.is_empty:
            assert not went
        kept_last = [one.key for one in good if one.received_at <= now][: self.policy.last]
        assert not went & set(kept_last)
        young = now - timedelta(days=self.policy.days)
        assert not any(one.received_at > young for one in good if one.key in went)
        by_time = [one for one in gone if one.by_time and one.candidate.good]
        assert len(by_time) <= max(FEW, len(good) / 2), "a jump took more than half"
        # Bad ones change nothing for the good ones.
        alone = plan(good, {None: self.policy}, now=now)
        assert {one.candidate.key for one in alone if one.goes} == {
            one.key for one in good if one.key in went
        }


COURSES = given(policy=POLICIES, course=st.lists(STEPS, min_size=5, max_size=120))


def go_through(policy: Policy, course: list[tuple[int, int, str, str]]) -> None:
    kept, now = Kept(policy), BEGIN + 1500 * DAY
    marks = {"pin": Reason.PINNED, "hold": Reason.HELD, "use": Reason.IN_USE}
    for number, (hours, jump, outcome, mark) in enumerate(course):
        now += timedelta(hours=hours) + jump * DAY
        if outcome != "failed":
            kept.rows[number] = Candidate(
                key=number,
                received_at=now,
                good=outcome != "corrupt",
                whole=outcome != "part",
                proven=outcome == "proven",
                stays=frozenset({marks[mark]} if mark else ()),
            )
        kept.clean(now)


@settings(max_examples=25, deadline=None)
@COURSES
def test_the_promises_hold_after_each_step(
    policy: Policy, course: list[tuple[int, int, str, str]]
) -> None:
    go_through(policy, course)


@pytest.mark.exhaustive
@settings(max_examples=1000, deadline=None)
@COURSES
def test_they_hold_in_many_courses(policy: Policy, course: list[tuple[int, int, str, str]]) -> None:
    go_through(policy, course)
