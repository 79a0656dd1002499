"""Ten years of ticks with outages and clocks that jump: no due time twice, none forgotten."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.scheduling.evaluation import PUNCTUAL, is_run_already, look_at
from monitoring.times.clock import CORRECTION
from monitoring.times.due import Timing, Window, newest_due, next_due, start_of
from tests.monitoring.times.test_due import BEGIN, ZONES, timing

DAY = timedelta(days=1)
CRONS = ("30 2 * * *", "0 * * * *", "*/20 1-3 * * *", "15 4 * * 1", "0 3 1,15 * *", "0 0 29 2 *")


@dataclass
class Simulated:
    """What the tick does with a schedule's rows, in memory. `rows` maps a due time to whether
    each of its rows still counts; a clock set back takes that from those ahead of it."""

    timing: Timing
    watermark: datetime
    rows: dict[datetime, list[bool]] = field(default_factory=dict)
    made: list[datetime] = field(default_factory=list)
    since: datetime = BEGIN

    def tick(self, now: datetime) -> datetime | None:
        look = look_at(self.timing, watermark=self.watermark, now=now)
        self.watermark = look.watermark
        if look.clock_went_back:
            self.since = now
            for due, counts in self.rows.items():
                if due > now + CORRECTION:
                    self.rows[due] = [False] * len(counts)
        if look.due is None:
            return None
        rows = self.rows.setdefault(look.due, [])
        if is_run_already(late=look.late, named=bool(rows), counted=any(rows)):
            return None
        rows.append(True)
        self.made.append(look.due)
        return look.due


STEPS = st.one_of(
    st.integers(1, 55).map(lambda n: timedelta(minutes=n)),
    st.integers(1, 30).map(lambda n: timedelta(hours=n)),
    st.integers(2, 500).map(lambda n: timedelta(days=n)),
)
JUMPS = st.one_of(
    st.just(timedelta()),
    st.just(timedelta()),
    st.integers(-70, 70).map(lambda n: timedelta(minutes=n)),
    st.sampled_from((-731 * DAY, 731 * DAY, timedelta(hours=-5), timedelta(hours=5))),
)


COURSES = given(
    cron=st.sampled_from(CRONS),
    zone=st.sampled_from(ZONES),
    jitter=st.sampled_from((0, 0, 7, 40)),
    course=st.lists(st.tuples(STEPS, JUMPS), min_size=5, max_size=60),
)


@settings(max_examples=6, deadline=None)
@COURSES
def test_no_time_is_run_twice_and_none_forgotten(
    cron: str, zone: str, jitter: int, course: list[tuple[timedelta, timedelta]]
) -> None:
    go_through(cron, zone, jitter, course)


@pytest.mark.exhaustive
@settings(max_examples=1000, deadline=None)
@COURSES
def test_nor_in_a_thousand_courses(
    cron: str, zone: str, jitter: int, course: list[tuple[timedelta, timedelta]]
) -> None:
    go_through(cron, zone, jitter, course)


def go_through(
    cron: str, zone: str, jitter: int, course: list[tuple[timedelta, timedelta]]
) -> None:
    when = timing(cron, zone, jitter=timedelta(minutes=jitter), seed="x")
    now = BEGIN + 800 * DAY
    simulated = Simulated(when, watermark=now, since=now)
    for step, jump in course:
        before = now
        now += step + jump
        simulated.tick(now)
        # However many ticks look at the same moment, only the first makes anything.
        assert simulated.tick(now) is None
        assert all(sum(counts) <= 1 for counts in simulated.rows.values())
        if now >= before:
            has_run_the_newest(simulated, now)


def has_run_the_newest(simulated: Simulated, now: datetime) -> None:
    when = simulated.timing
    due = newest_due(when, after=simulated.since, until=now)
    if due is not None and start_of(when, due) > now:
        due = newest_due(when, after=simulated.since, until=due - timedelta(seconds=1))
    if due is None or was_passed_over(simulated, due, now):
        return
    counts = simulated.rows.get(due)
    assert counts is not None, f"{due} was forgotten at {now}"
    if now < start_of(when, due) + PUNCTUAL:
        assert any(counts), f"{due} was burned by a clock that was ahead"


def was_passed_over(simulated: Simulated, due: datetime, now: datetime) -> bool:
    """Whether a newer one was run in its place, by a clock that has been corrected since."""
    newer = [counts for other, counts in simulated.rows.items() if due < other <= now + CORRECTION]
    return due not in simulated.rows and any(map(any, newer))


@pytest.mark.exhaustive
@settings(max_examples=5, deadline=None)
@given(zone=st.sampled_from(ZONES), first=st.integers(0, 9 * 365), minutes=st.integers(5, 14))
def test_without_outages_each_due_time_is_run_once_and_in_order(
    zone: str, first: int, minutes: int
) -> None:
    when = timing("30 2 * * *", zone)
    now = BEGIN + first * DAY
    simulated = Simulated(when, watermark=now, since=now)
    wanted = []
    due = next_due(when, after=now)
    end = now + 12 * DAY
    while due is not None and due <= end:
        wanted.append(due)
        due = next_due(when, after=due)
    while now < end:
        now = min(end, now + timedelta(minutes=minutes))
        simulated.tick(now)
    assert simulated.made == wanted


class TestTheClock:
    WHEN = timing("0 2 * * *", "UTC")
    NIGHT = datetime(2026, 5, 10, 2, tzinfo=UTC)

    def ran(self) -> Simulated:
        simulated = Simulated(self.WHEN, watermark=self.NIGHT - DAY)
        assert simulated.tick(self.NIGHT + timedelta(seconds=5)) == self.NIGHT
        return simulated

    def test_a_jump_of_two_years_makes_one_run_and_takes_none_when_it_ends(self) -> None:
        simulated = self.ran()
        ahead = self.NIGHT + 731 * DAY + timedelta(hours=3)
        assert simulated.tick(ahead) == ahead - timedelta(hours=3)
        assert simulated.tick(ahead + DAY) == ahead + DAY - timedelta(hours=3)
        # The clock is right again: the next night is run as if nothing had been.
        assert simulated.tick(self.NIGHT + timedelta(hours=4)) is None
        assert simulated.tick(self.NIGHT + DAY) == self.NIGHT + DAY
        # And so are those nights, when they come.
        come = ahead - timedelta(hours=3)
        simulated.watermark = come - DAY
        assert simulated.tick(come + timedelta(seconds=9)) == come

    def test_a_clock_that_was_behind_and_returns_repeats_nothing(self) -> None:
        simulated = self.ran()
        assert simulated.tick(self.NIGHT - 731 * DAY + timedelta(hours=1)) is None
        assert simulated.tick(self.NIGHT + timedelta(hours=1)) is None
        assert simulated.tick(self.NIGHT + DAY) == self.NIGHT + DAY

    def test_a_small_correction_repeats_nothing(self) -> None:
        simulated = self.ran()
        assert simulated.tick(self.NIGHT - timedelta(minutes=50)) is None
        assert simulated.tick(self.NIGHT + timedelta(minutes=1)) is None

    def test_what_was_missed_waits_for_the_window(self) -> None:
        when = timing("0 2 * * *", "UTC", window=Window(self.NIGHT.time(), self.NIGHT.time()))
        look = look_at(when, watermark=self.NIGHT - DAY, now=self.NIGHT + timedelta(hours=5))
        assert (look.due, look.next_at) == (None, self.NIGHT + DAY)
        punctual = look_at(when, watermark=self.NIGHT - DAY, now=self.NIGHT + timedelta(minutes=3))
        assert punctual.due == self.NIGHT
