"""The log of events that the hub reads: order, pruning, and what a question costs."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, transaction

from access.models import Company
from monitoring.events.models import Event
from monitoring.events.selectors import Cursor, Happening, events_after, horizon
from monitoring.events.services import prune_events, record_event
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.live.files import file_topic
from monitoring.live.reading import read_once
from tests.config.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def newest() -> Cursor:
    """Behind every event that there is. The horizon may lie before them: of other tests'
    transactions it knows, too."""
    found = Event.objects.order_by("-xid", "-id").values_list("xid", "id").first()
    return Cursor(int(found[0]), found[1]) if found else horizon()


def settled(start: Cursor, count: int) -> list[Happening]:
    """So many events: they wait for the transactions of the other tests of this server too."""
    wait_for(lambda: len(events_after(start)) == count, seconds=300, what="the events are settled")
    return events_after(start)


def test_events_that_commit_out_of_order_are_all_read(company: Company) -> None:
    """The first to begin is the last to commit: a reader by id alone would have passed it."""
    start = newest()
    first, second = uuid.uuid4(), uuid.uuid4()
    begun, may_commit = threading.Event(), threading.Event()

    def begin_early_and_commit_late() -> None:
        with transaction.atomic():
            record_event(company=company, topic="file", subject=first, state="queued")
            begun.set()
            may_commit.wait(20)
        connection.close()

    early = threading.Thread(target=begin_early_and_commit_late)
    early.start()
    assert begun.wait(10)
    record_event(company=company, topic="file", subject=second, state="queued")
    assert Event.objects.filter(subject=second).exists()
    assert events_after(start) == []
    may_commit.set()
    early.join()
    found = settled(start, 2)
    assert [event.subject for event in found] == [first, second]
    assert events_after(found[0].cursor) == found[1:]
    assert events_after(found[1].cursor) == []


def test_events_of_yesterday_are_pruned(company: Company) -> None:
    for _ in range(3):
        record_event(company=company, topic="file", subject=uuid.uuid4(), state="queued")
    old = Event.objects.order_by("id")[:2]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_event SET at = now() - interval '25 hours' WHERE id = ANY(%s)",
            [[event.pk for event in old]],
        )
    assert prune_events() == 2
    assert prune_events() == 0
    assert Event.objects.count() == 1


def test_one_question_for_all_rows(company: Company, django_assert_num_queries: Any) -> None:
    files = [
        open_file(kind="copy", company=company, name="x", original_path="", origin="stored")
        for _ in range(20)
    ]
    topics = {file_topic(file.pk) for file in files}
    place = newest()
    with django_assert_num_queries(2):
        reading = read_once(place, topics, topics)
    assert {topic for topic, letter in reading.letters.items() if letter} == topics


def test_an_event_has_its_row_read_though_no_wake_up_came(file: TrackedFile) -> None:
    topic = file_topic(file.pk)
    place = newest()
    other = uuid.uuid4()
    for subject in (file.pk, other):
        record_event(company=file.company, topic="file", subject=subject, state="processing")
    settled(place, 2)
    reading = read_once(place, set(), {topic})
    assert set(reading.letters) == {topic}
    assert reading.place > place
    assert not read_once(reading.place, set(), {topic}).letters
