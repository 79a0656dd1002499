"""Cycles: every instant of ten years has exactly one; none is skipped, doubled or out of order."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitoring.expected.plans import (
    Cycle,
    Gap,
    Plan,
    cycle_after,
    cycle_at,
    look_at,
    newest_until,
    times_after,
)

ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu")
BEGIN, END = datetime(2021, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

minutes = st.integers(0, 3 * 24 * 60).map(lambda count: timedelta(minutes=count))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
plans = st.builds(
    Plan,
    frequency=st.sampled_from(["hourly", "daily", "weekly", "monthly", "custom"]),
    at=times,
    zone=st.sampled_from(ZONES),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    day_of_month=st.integers(1, 31),
    cron=st.sampled_from(["*/20 * * * *", "30 2 * * *", "0 4 * * 1-5", "15 3 29 2 *"]),
    grace=minutes,
    early=minutes,
)
moments = st.datetimes(BEGIN.replace(tzinfo=None), END.replace(tzinfo=None), timezones=st.just(UTC))
BERLIN_NIGHTS = Plan("daily", at=time(2, 30), zone="Europe/Berlin", early=HOUR, grace=HOUR)


def at(plan: Plan, moment: datetime) -> Cycle:
    found = cycle_at(plan, moment)
    assert found is not None
    return found


@settings(max_examples=150, deadline=None)
@given(plan=plans, moment=moments)
@example(plan=BERLIN_NIGHTS, moment=datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
@example(plan=BERLIN_NIGHTS, moment=datetime(2026, 10, 25, 1, 0, tzinfo=UTC))
def test_every_instant_has_one_cycle(plan: Plan, moment: datetime) -> None:
    cycle = at(plan, moment)
    assert cycle.opens <= moment < cycle.ends
    assert cycle.opens <= cycle.due <= cycle.deadline <= cycle.ends
    assert cycle.deadline <= cycle.due + plan.grace
    # The same from both of its ends, and nothing between it and its neighbour.
    assert at(plan, cycle.opens) == cycle
    assert at(plan, cycle.ends - timedelta(microseconds=1)) == cycle
    following = cycle_after(plan, cycle)
    assert following is not None
    assert (following.opens, at(plan, cycle.ends)) == (cycle.ends, following)


@settings(max_examples=40, deadline=None)
@given(plan=plans, moment=moments)
def test_due_times_ascend_from_wherever_one_looks(plan: Plan, moment: datetime) -> None:
    # Of 29 February three are twelve years.
    found = list(islice(times_after(plan, moment), 3 if "29 2" in plan.cron else 12))
    assert len(found) >= 3
    assert all(first < second for first, second in pairwise([moment, *found]))
    for first, second in pairwise(found):
        assert newest_until(plan, second - timedelta(seconds=1)) == first
        assert newest_until(plan, second) == second


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (31, ["01-31", "02-28", "03-31", "04-30", "05-31"]),
        (30, ["01-30", "02-28", "03-30", "04-30", "05-30"]),
        (1, ["02-01", "03-01", "04-01", "05-01", "06-01"]),
    ],
)
def test_months_have_ends(day: int, said: list[str]) -> None:
    plan = Plan("monthly", at=time(3), day_of_month=day)
    found = islice(times_after(plan, datetime(2026, 1, 15, tzinfo=UTC)), 5)
    assert [f"{one:%m-%d}" for one in found] == said
    leap = next(times_after(Plan("monthly", day_of_month=30), datetime(2028, 2, 1, tzinfo=UTC)))
    assert (leap.month, leap.day) == (2, 29)


@pytest.mark.parametrize(
    ("plan", "around", "said"),
    [
        # Spring skips 02:30; autumn has it twice, and the first one counts.
        (BERLIN_NIGHTS, datetime(2026, 3, 29, tzinfo=UTC), "2026-03-29 01:00"),
        (BERLIN_NIGHTS, datetime(2026, 10, 25, tzinfo=UTC), "2026-10-25 00:30"),
        (Plan("daily", at=time(2, 30)), datetime(2026, 3, 29, tzinfo=UTC), "2026-03-29 02:30"),
        (
            Plan("weekly", at=time(3), weekdays=(6,), zone="Europe/Berlin"),
            datetime(2026, 10, 20, tzinfo=UTC),
            "2026-10-25 02:00",
        ),
    ],
)
def test_clock_changes(plan: Plan, around: datetime, said: str) -> None:
    assert f"{next(times_after(plan, around)):%Y-%m-%d %H:%M}" == said


def test_an_hour_is_an_hour_that_passes() -> None:
    plan = Plan("hourly", at=time(0, 15), zone="Europe/Berlin")
    day = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert len([one for one in islice(times_after(plan, day), 30) if one < day + 25 * HOUR]) == 25


def test_early_and_late() -> None:
    plan = Plan("daily", at=time(1), early=HOUR, grace=2 * HOUR)
    due = datetime(2026, 6, 2, 1, tzinfo=UTC)
    assert at(plan, due - timedelta(minutes=1)).due == due
    assert at(plan, due - HOUR).due == due
    assert at(plan, due - HOUR - timedelta(seconds=1)).due == due - DAY
    # Late by most of a day, and still of its own time.
    assert at(plan, due + 22 * HOUR).due == due
    assert at(plan, due).deadline == due + 2 * HOUR


def test_grace_ends_where_the_next_one_opens() -> None:
    plan = Plan("hourly", early=timedelta(minutes=10), grace=3 * HOUR)
    cycle = at(plan, datetime(2026, 6, 2, 1, tzinfo=UTC))
    assert (cycle.deadline - cycle.due) == timedelta(minutes=50)
    # However early something may come, the first half of the way is the one before's.
    wide = at(Plan("hourly", early=5 * HOUR), datetime(2026, 6, 2, 1, tzinfo=UTC))
    assert (wide.due - wide.opens) == timedelta(minutes=30)


@settings(max_examples=100, deadline=None)
@given(
    plan=plans.filter(lambda one: one.frequency != "custom"),
    start=moments,
    steps=st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=6),
)
def test_looking_often_or_once_finds_the_same(
    plan: Plan, start: datetime, steps: list[int]
) -> None:
    now, watermark, found = start, start, []
    for step in steps:
        now += timedelta(minutes=step)
        look = look_at(plan, watermark=watermark, now=now)
        watermark = look.watermark
        found += [cycle for cycle, _watched in look.over]
        assert look.next_look is not None
        assert look.next_look > now
    once = look_at(plan, watermark=start, now=now)
    assert found == [cycle for cycle, _watched in once.over]
    dues = [cycle.due for cycle in found]
    assert dues == sorted(set(dues))
    assert all(start < cycle.deadline <= now for cycle in found)


def test_of_a_gap_one_cycle_is_told_and_not_as_watched() -> None:
    plan = Plan("hourly", grace=timedelta(minutes=10))
    noon = datetime(2026, 6, 2, 12, tzinfo=UTC)
    gap = Gap(noon + timedelta(minutes=30), noon + 5 * HOUR + timedelta(minutes=30))
    look = look_at(plan, watermark=noon, now=noon + 6 * HOUR + timedelta(minutes=30), gaps=(gap,))
    assert [(f"{cycle.due:%H}", watched) for cycle, watched in look.over] == [
        ("12", True),
        ("17", False),
        ("18", True),
    ]
    # What was due in the gap and may still come is waited for.
    gap = Gap(noon - HOUR, noon + timedelta(minutes=5))
    look = look_at(plan, watermark=noon - HOUR, now=noon + timedelta(minutes=5), gaps=(gap,))
    assert [watched for _cycle, watched in look.over] == [False]
    assert look.next_due == noon


def test_an_outage_of_years_is_looked_at_at_once() -> None:
    plan = Plan("hourly")
    gap = Gap(BEGIN, END)
    look = look_at(plan, watermark=BEGIN, now=END, gaps=(gap,))
    assert len(look.over) == 1
