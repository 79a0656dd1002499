"""One code in many requests at once: it opens one of them, and no guess is lost from the count."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from access.models import SecondFactor, User
from access.second_factor.services import Answer, check
from tests.access.second_factor.phone import give_phone

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 6


def at_once(work: Callable[[], Answer]) -> list[Answer]:
    found: list[Answer] = []
    gate = threading.Barrier(TIMES)

    def run() -> None:
        gate.wait()
        found.append(work())
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(TIMES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_a_code_opens_one(viewer: User) -> None:
    phone, codes = give_phone(viewer)
    code = phone.code(later=1)
    found = at_once(lambda: check(user=viewer, answer=code))
    assert found == [Answer.RIGHT, *[Answer.USED] * (TIMES - 1)]
    found = at_once(lambda: check(user=viewer, answer=codes[0]))
    assert found == [Answer.RIGHT, *[Answer.WRONG] * (TIMES - 1)]


def test_every_guess_counts(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    wrong = phone.wrong()
    at_once(lambda: check(user=viewer, answer=wrong))
    assert SecondFactor.objects.get().failures == TIMES
