"""`manage.py doctor`: says what is wrong and how to mend it, started or not."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django_q.models import OrmQ

from access.models import Company
from config.doctor.checks import CHECKS
from config.doctor.machine import check_data_folder, check_disk, check_keys
from config.doctor.recovery import check_recovery_key
from config.doctor.results import Examination, Level, Result, run_checks
from config.doctor.work import check_queue
from config.env import Environment, read_environment
from config.places import Places
from monitoring.alerts.models import Channel
from monitoring.alerts.services import open_alert
from monitoring.files.claims import claim
from monitoring.files.services import open_file
from tests.config.installation import Installation


@pytest.fixture
def environment() -> Environment:
    return read_environment(env_file=False)


@pytest.mark.exhaustive
def test_it_answers_when_nothing_is_started(installation: Installation) -> None:
    done = installation.run("doctor", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["ok"] is False
    levels = {check["name"]: check["level"] for check in answer["checks"]}
    assert levels["python"] == "ok"
    assert levels["postgresql"] == "bad"
    assert levels["redis"] == "bad"
    assert all(check["mend"] for check in answer["checks"] if check["level"] != "ok")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.exhaustive
def test_its_words_for_people_end_with_a_count(installation: Installation) -> None:
    done = installation.run("doctor")
    assert done.returncode == 1
    assert " BAD  postgresql: embedded: " in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].endswith("in order")


@pytest.mark.django_db
def test_the_services_of_this_run_are_in_order(environment: Environment) -> None:
    from django.conf import settings

    results = run_checks(CHECKS, Examination(settings.PLACES, environment))
    levels = {result.name: result.level for result in results}
    for name in ("postgresql", "migrations", "clock", "redis"):
        assert levels[name] == Level.OK, results


@pytest.mark.django_db
def test_a_queue_that_nobody_empties_is_bad(environment: Environment, company: Company) -> None:
    from django.conf import settings

    def look() -> dict[str, Result]:
        found = check_queue(Examination(settings.PLACES, environment))
        return {result.name: result for result in found}

    Channel.objects.create(name="mail", recipients=["ops@example.org"])
    open_alert(key="backup.failed:1", company=company, subject="x")
    assert {result.level for result in look().values()} == {Level.OK}
    assert "1 wait" in look()["alerts"].found
    OrmQ.objects.create(key="short", payload="", lock=Now() - timedelta(minutes=5))
    OrmQ.objects.create(key="long", payload="", lock=Now() - timedelta(minutes=5))
    assert "300 s" in look()["queue short"].found
    bad = {name for name, result in look().items() if result.level == Level.BAD}
    assert bad == {"queue short", "queue long"}
    # Behind long work, long work may wait.
    file = open_file(kind="backup", company=company, name="x", original_path="", origin="local")
    assert claim(file_id=file.pk) is not None
    assert look()["queue long"].level == Level.OK


@pytest.mark.django_db
def test_a_queue_by_the_machines_clocks_is_bad(
    environment: Environment, settings: LazySettings
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "broker_class": None}
    found = check_queue(Examination(settings.PLACES, environment))
    levels = {result.name: result.level for result in found}
    assert levels["queue clock"] == Level.BAD


def test_a_check_that_breaks_is_a_finding(places: Places, environment: Environment) -> None:
    def broken(examination: Examination) -> list[Result]:
        raise ZeroDivisionError("oh")

    [found] = run_checks([("part", broken)], Examination(places, environment))
    assert found.name == "part"
    assert found.level == Level.BAD
    assert "ZeroDivisionError: oh" in found.found


def test_a_key_that_others_may_read_is_bad(places: Places, environment: Environment) -> None:
    places.keys.mkdir(parents=True)
    key = places.keys / "some.key"
    key.write_text("secret")
    key.chmod(0o644)
    [found] = check_keys(Examination(places, environment))
    assert found.level == Level.BAD
    assert f"chmod 600 {key}" in found.mend
    key.chmod(0o600)
    [found] = check_keys(Examination(places, environment))
    assert found.level == Level.OK


def test_a_recovery_key_left_here_is_a_warning(places: Places, environment: Environment) -> None:
    places.keys.mkdir(parents=True)
    key = places.keys / "recovery.agekey"
    key.touch(0o600)
    key.write_text("AGE-SECRET-KEY-1\n")
    [found] = check_recovery_key(Examination(places, environment))
    assert (found.name, found.level) == ("recovery key", Level.WARNING)
    assert str(key) in found.found


def test_a_full_disk_is_bad(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(reserve: str) -> Level:
        monkeypatch.setenv("HOLDFAST_DISK_RESERVE_MB", reserve)
        environment = read_environment(env_file=False)
        [found] = check_disk(Examination(places, environment))
        return found.level

    assert look("0") == Level.OK
    assert look(str(10**9)) == Level.BAD


def test_a_data_folder_open_to_all_is_bad(places: Places, environment: Environment) -> None:
    def look() -> Level:
        [found] = check_data_folder(Examination(places, environment))
        return found.level

    assert look() == Level.BAD
    places.data.mkdir(mode=0o700)
    assert look() == Level.OK
    places.data.chmod(0o777)
    assert look() == Level.BAD


def test_the_data_folder_is_never_changed_by_looking(folder: Path, places: Places) -> None:
    before = sorted(folder.iterdir())
    run_checks(CHECKS[:5], Examination(places, read_environment(env_file=False)))
    assert sorted(folder.iterdir()) == before
