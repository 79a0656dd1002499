"""Rules that look at what is so: storages and their forecast, the disk, the silent watchers."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from look.units import size
from monitoring.alerts.models import Alert, StorageReading
from monitoring.alerts.rules import (
    alert_full_disk,
    alert_full_storages,
    alert_silent_queues,
    alert_silent_tick,
    watchers,
)
from monitoring.alerts.rules.forecast import Reading, days_left
from monitoring.heartbeats.models import Heartbeat
from storage.models import StorageTarget
from tests.cast import storage_target

__all__ = ["storage_target"]
pytestmark = pytest.mark.django_db
GIB = 1 << 30


def line(*, days: int, free: int, a_day: int, wobble: int = 0) -> list[Reading]:
    return [
        Reading(day=hour / 24, free=int(free - a_day * hour / 24 + wobble * (-1) ** hour))
        for hour in range(days * 24 + 1)
    ]


class TestForecast:
    def test_a_straight_line_ends_where_it_does(self) -> None:
        assert days_left(line(days=10, free=220 * GIB, a_day=10 * GIB)) == pytest.approx(12)

    def test_it_says_nothing_of_too_little_or_of_what_does_not_fill(self) -> None:
        assert days_left([]) is None
        assert days_left(line(days=2, free=220 * GIB, a_day=10 * GIB)) is None
        assert days_left(line(days=10, free=220 * GIB, a_day=0)) is None
        assert days_left(line(days=10, free=220 * GIB, a_day=-GIB)) is None

    def test_it_says_nothing_of_mere_ups_and_downs(self) -> None:
        assert days_left(line(days=10, free=220 * GIB, a_day=GIB, wobble=90 * GIB)) is None


class TestStorages:
    def read(self, target: StorageTarget, *, free: int, days: float = 0) -> None:
        StorageReading.objects.create(target=target, free_bytes=free, total_bytes=100 * GIB)
        StorageReading.objects.filter(target=target, at__gt=Now() - timedelta(minutes=1)).update(
            at=Now() - timedelta(days=days, seconds=90)
        )

    @pytest.mark.usefixtures("storage_target")
    def test_a_reading_is_taken_once_an_hour(self) -> None:
        for _time in range(2):
            alert_full_storages()
        found = StorageReading.objects.get()
        assert 0 < found.free_bytes < found.total_bytes

    def test_nearly_full_becomes_critical_and_goes(self, storage_target: StorageTarget) -> None:
        for free, severity in ((9, "warning"), (2, "critical")):
            StorageReading.objects.all().delete()
            self.read(storage_target, free=free * GIB)
            alert_full_storages()
            told = Alert.objects.open().get()
            assert (told.rule, told.severity, told.about) == (
                "storage.nearly_full",
                severity,
                "vault",
            )
            assert size(free * GIB) in told.text
        StorageReading.objects.all().delete()
        self.read(storage_target, free=50 * GIB)
        alert_full_storages()
        assert not Alert.objects.open().exists()

    def test_that_it_will_be_full_is_said_in_days(self, storage_target: StorageTarget) -> None:
        for hours in range(24 * 6, -1, -6):
            self.read(storage_target, free=int((30 + hours / 6) * GIB), days=hours / 24)
        alert_full_storages()
        told = Alert.objects.open().get()
        assert told.subject == "vault will be full in about 8 days"


class TestWatchers:
    def test_a_full_disk_is_told_until_there_is_room(self, settings: LazySettings) -> None:
        for reserve, expected in ((1 << 40, 1), (0, 0)):
            settings.ENVIRONMENT = replace(settings.ENVIRONMENT, disk_reserve_mb=reserve)
            alert_full_disk()
            assert Alert.objects.open().filter(key="disk.reserve").count() == expected

    def test_who_is_silent_is_told_by_the_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watchers, "_began", time.monotonic() - 600)
        alert_silent_queues()
        alert_silent_tick()
        assert not Alert.objects.exists()
        for name, minutes in (("queue-long", 6), ("queue-short", 1), ("tick", 4)):
            Heartbeat.objects.create(name=name, at=Now() - timedelta(minutes=minutes))
        # After an outage all beats are old: who has just come back finds fault with nobody.
        monkeypatch.setattr(watchers, "_began", time.monotonic() - 60)
        alert_silent_queues()
        alert_silent_tick()
        assert not Alert.objects.exists()
        monkeypatch.setattr(watchers, "_began", time.monotonic() - 600)
        alert_silent_queues()
        alert_silent_tick()
        found = set(Alert.objects.open().values_list("key", flat=True))
        assert found == {"queue.silent:long", "watcher.silent:tick"}
        Heartbeat.objects.update(at=Now())
        alert_silent_queues()
        alert_silent_tick()
        assert not Alert.objects.open().exists()
