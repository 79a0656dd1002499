"""Due times against local calendars: five zones, ten years, an oracle that counts minutes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.times.cron import check_cron
from monitoring.times.due import Timing, Window, due_times, newest_due, next_due, start_of

# North and south of the equator, half an hour of summer time, none, and west of Greenwich.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
)
BEGIN = datetime(2021, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)


def timing(cron: str = "", zone: str = "Europe/Berlin", **more: Any) -> Timing:
    return Timing(anchor=BEGIN, zone=zone, cron=check_cron(cron) if cron else "", **more)


def of_day(found: Timing, day: date) -> list[str]:
    zone = found.zone_info
    begin = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) - timedelta(seconds=1)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    said: list[str] = []
    for moment in due_times(found, after=begin):
        if moment >= end:
            return said
        said.append(f"{moment.astimezone(zone):%H:%M}")
    return said


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("cron", "spring", "autumn"),
    [
        ("30 2 * * *", ["03:00"], ["02:30"]),
        ("15,45 2 * * *", ["03:00"], ["02:15", "02:45"]),
        ("*/30 2 * * *", ["03:00"], ["02:00", "02:30"]),
        ("0 */2 * * *", ["00:00", "03:00", *[f"{h:02}:00" for h in range(4, 24, 2)]], None),
        ("0 3 * * *", ["03:00"], ["03:00"]),
    ],
)
def test_clock_changes(cron: str, spring: list[str], autumn: list[str] | None) -> None:
    found = timing(cron)
    assert of_day(found, SPRING) == spring
    assert of_day(found, AUTUMN) == (autumn or [f"{h:02}:00" for h in range(0, 24, 2)])


def test_each_hour_counts_the_hours_that_pass() -> None:
    assert len(of_day(timing("0 * * * *"), SPRING)) == 23
    assert len(of_day(timing("0 * * * *"), AUTUMN)) == 25


def expected_on(day: date, hours: set[int], minutes: set[int], zone: ZoneInfo) -> set[datetime]:
    """Each local time as the first instant that shows it, or the first one behind a gap."""
    found = set()
    for hour in hours:
        for minute in minutes:
            local = datetime.combine(day, time(hour, minute))
            first = local.replace(tzinfo=zone).astimezone(UTC)
            if first.astimezone(zone).replace(tzinfo=None) == local:
                found.add(first)
                continue
            # A gap: the first instant at which the local clock shows more than it.
            behind = first - timedelta(hours=3)
            while behind.astimezone(zone).replace(tzinfo=None) < local:
                behind += timedelta(minutes=1)
            found.add(behind)
    return found


@pytest.mark.exhaustive
@settings(max_examples=15, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=4),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    first=st.dates(BEGIN.date(), END.date() - timedelta(days=400)),
    steps=st.integers(1, 24),
)
def test_times_of_a_year_are_those_of_the_calendar(
    zone: str, hours: set[int], minutes: set[int], first: date, steps: int
) -> None:
    cron = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    found = timing(cron, zone)
    info = ZoneInfo(zone)
    days = [first + timedelta(days=number) for number in range(366)]
    wanted = sorted(set().union(*(expected_on(day, hours, minutes, info) for day in days)))
    begin = wanted[0] - timedelta(seconds=1)
    times = list(islice(due_times(found, after=begin), len(wanted)))
    assert times == wanted
    # From wherever one begins to count, they are the same.
    for moment in wanted[:: max(1, len(wanted) // steps)][:24]:
        assert next_due(found, after=moment - timedelta(seconds=1)) == moment
        assert newest_due(found, after=begin, until=moment) == moment


@settings(max_examples=20, deadline=None)
@given(
    minutes=st.integers(1, 366 * 24 * 60),
    after=st.datetimes(datetime(2021, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_intervals_stand_on_one_grid(minutes: int, after: datetime) -> None:
    found = timing(minutes=minutes)
    first, second = islice(due_times(found, after=after), 2)
    step = timedelta(minutes=minutes)
    assert after < first <= after + step
    assert second - first == step
    assert (first - BEGIN) % step == timedelta()
    assert newest_due(found, after=first - timedelta(seconds=1), until=first) == first


class TestWindow:
    NIGHT = Window(time(22), time(4))

    def test_times_outside_are_none(self) -> None:
        found = timing("0 */3 * * *", window=self.NIGHT)
        assert of_day(found, date(2026, 1, 5)) == ["00:00", "03:00"]

    def test_one_that_shuts_out_all_is_said_quickly(self) -> None:
        assert next_due(timing("0 12 * * *", window=self.NIGHT), after=BEGIN) is None

    def test_a_window_that_spring_skips_is_one_instant(self) -> None:
        found = timing("30 2 * * *", window=Window(time(2), time(2, 50)))
        assert of_day(found, SPRING) == ["03:00"]

    def test_next_opening(self) -> None:
        zone = ZoneInfo("Europe/Berlin")
        noon = datetime(2026, 1, 5, 12, tzinfo=zone)
        assert self.NIGHT.next_opening(noon, zone) == datetime(2026, 1, 5, 22, tzinfo=zone)


class TestJitter:
    def test_the_same_each_time_and_another_for_each_schedule(self) -> None:
        one, two = (
            timing("0 1 * * *", jitter=timedelta(minutes=30), seed=seed) for seed in ("a", "b")
        )
        times = list(islice(due_times(one, after=BEGIN), 30))
        spread = [start_of(one, due) - due for due in times]
        assert spread == [start_of(one, due) - due for due in times]
        assert spread != [start_of(two, due) - due for due in times]
        assert all(timedelta() <= late <= timedelta(minutes=30) for late in spread)
        assert len(set(spread)) > 20

    @settings(max_examples=10, deadline=None)
    @given(minutes=st.integers(1, 90), jitter=st.integers(0, 600), seed=st.text(max_size=5))
    def test_starts_keep_their_order(self, minutes: int, jitter: int, seed: str) -> None:
        found = timing(minutes=minutes, jitter=timedelta(minutes=jitter), seed=seed)
        times = list(islice(due_times(found, after=BEGIN), 30))
        starts = [start_of(found, due) for due in times]
        assert starts == sorted(starts)
        assert all(start >= due for start, due in zip(starts, times, strict=True))
