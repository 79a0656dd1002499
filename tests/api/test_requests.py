"""What holds for the whole API: the same request twice, too many of them, other sites' pages."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.db.models import F
from django.test import Client

from access import throttling
from access.models import User
from access.policy import System
from access.tokens import create_token
from backups.idempotency import forget_old_answers
from backups.models import AnsweredRequest, Backup, Database
from tests.backups.test_api import is_problem
from tests.cast import Login

CREATE = "/api/backup/create"


def create(client: Client, key: str | None, body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post(CREATE, body, content_type="application/json", headers=headers)


@pytest.mark.django_db
def test_the_same_request_twice_makes_one(
    database: Database, login: Login, operator: User, admin: User
) -> None:
    client, body = login(operator), {"database": "orders", "label": "x"}
    first = create(client, "one", body)
    again = create(client, "one", {"label": "x", "database": "orders"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (first["Location"], again["Idempotent-Replayed"]) == (again["Location"], "true")
    assert "Idempotent-Replayed" not in first
    assert Backup.objects.count() == 1
    is_problem(create(client, "one", {"database": "orders"}), 422, "key_reused")
    # A key is its actor's own.
    is_problem(create(login(admin), "one", body), 409, "already_running")


@pytest.mark.django_db
def test_what_was_refused_may_be_sent_again(
    database: Database, login: Login, operator: User
) -> None:
    client = login(operator)
    is_problem(create(client, "one", {"database": "orders", "label": "a b"}), 400)
    assert create(client, "one", {"database": "orders"}).status_code == 202


@pytest.mark.django_db
def test_a_key_holds_for_a_day(database: Database, login: Login, operator: User) -> None:
    client, body = login(operator), {"database": "orders", "force": True}
    first = create(client, "one", body).json()["id"]
    AnsweredRequest.objects.update(created_at=F("created_at") - timedelta(hours=23))
    assert (forget_old_answers(), create(client, "one", body).json()["id"]) == (0, first)
    AnsweredRequest.objects.update(created_at=F("created_at") - timedelta(hours=2))
    second = create(client, "one", body).json()["id"]
    assert second != first
    AnsweredRequest.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert forget_old_answers() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_cannot_be(key: str, database: Database, login: Login, operator: User) -> None:
    is_problem(create(login(operator), key, {"database": "orders"}), 400, "bad_option")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("force", [True, False])
def test_two_at_once_make_one(
    force: bool, database: Database, login: Login, operator: User
) -> None:
    clients, answers = [login(operator) for _ in range(4)], []
    gate = threading.Barrier(len(clients))

    def send(client: Client) -> None:
        gate.wait()
        answers.append(create(client, "one", {"database": "orders", "force": force}))
        connections.close_all()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Backup.objects.count() == 1


@pytest.mark.django_db
def test_too_many_of_a_user(
    database: Database, login: Login, viewer: User, operator: User, settings: LazySettings
) -> None:
    settings.API_LIMITS = {"user": 3}
    client = login(viewer)
    statuses = [client.get("/api/backup/list").status_code for _ in range(8)]
    # A new minute may have begun meanwhile.
    assert 429 in statuses
    refused = next(
        answer for _ in range(9) if (answer := client.get("/api/backup/list")).status_code == 429
    )
    is_problem(refused, 429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert login(operator).get("/api/backup/list").status_code == 200


@pytest.mark.django_db
def test_tokens_that_are_none_count_for_their_address(
    database: Database, operator: User, settings: LazySettings
) -> None:
    settings.API_LIMITS = {"address": 3}
    good = create_token(user=operator, name="a", actor=System("cli"))
    for wrong in ("hf_" + "a" * 61, good[:-1] + "!", "x"):
        guess = Client(
            headers={"Authorization": f"Bearer {wrong}"}, REMOTE_ADDR=f"192.0.2.{len(wrong)}"
        )
        found = [guess.get("/api/backup/list") for _ in range(8)]
        assert found[0].status_code == 401
        refused = next(answer for answer in found if answer.status_code == 429)
        is_problem(refused, 429, "throttled")
        assert 1 <= int(refused["Retry-After"]) <= 60
    right = {"Authorization": f"Bearer {good}"}
    # The good token from there waits, too; from elsewhere it opens.
    from_there = Client(headers=right, REMOTE_ADDR="192.0.2.1")
    held = []
    # With more of them meanwhile: a minute may have ended just now.
    for _ in range(8):
        guess.get("/api/backup/list")
        held.append(from_there.get("/api/backup/list").status_code)
    assert 429 in held
    assert Client(headers=right).get("/api/backup/list").status_code == 200
    # Also where all may ask, and those who were let in are not counted.
    told = []
    for _ in range(8):
        guess.get("/api/health")
        told.append(from_there.get("/api/health").status_code)
    assert 429 in told
    assert Client(headers=right).get("/api/health").status_code != 429


@pytest.mark.django_db
def test_too_many_of_a_token_and_of_an_address(
    database: Database, operator: User, settings: LazySettings
) -> None:
    texts = [create_token(user=operator, name=name, actor=System("cli")) for name in "ab"]
    one, two = (Client(headers={"Authorization": f"Bearer {text}"}) for text in texts)
    settings.API_LIMITS = {"token": 3}
    assert 429 in [one.get("/api/backup/list").status_code for _ in range(8)]
    assert two.get("/api/backup/list").status_code == 200
    settings.API_LIMITS = {"address": 3}
    assert 429 in [two.get("/api/backup/list").status_code for _ in range(8)]
    elsewhere = two.get("/api/backup/list", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200


@pytest.mark.django_db
def test_while_redis_is_away_nobody_counts(
    database: Database, login: Login, viewer: User, settings: LazySettings
) -> None:
    settings.API_LIMITS, settings.REDIS_URL = {"user": 1}, "redis://127.0.0.1:9"
    throttling._redis.cache_clear()
    try:
        client = login(viewer)
        assert {client.get("/api/backup/list").status_code for _ in range(3)} == {200}
    finally:
        throttling._redis.cache_clear()


@pytest.mark.django_db
def test_other_sites_are_let_in_by_name_only(
    login: Login, viewer: User, settings: LazySettings
) -> None:
    theirs = {"Origin": "https://status.example.org"}
    answer = login(viewer).get("/api/backup/list", headers=theirs)
    assert "Access-Control-Allow-Origin" not in answer
    settings.CORS_ALLOWED_ORIGINS = ["https://status.example.org"]
    answer = login(viewer).get("/api/backup/list", headers=theirs)
    assert answer["Access-Control-Allow-Origin"] == "https://status.example.org"
    assert "Access-Control-Allow-Credentials" not in answer
    for origin, path in (("https://evil.example", "/api/backup/list"), (theirs["Origin"], "/")):
        other = login(viewer).get(path, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in other
    asked = {**theirs, "Access-Control-Request-Method": "POST"}
    assert "POST" in Client().options(CREATE, headers=asked)["Access-Control-Allow-Methods"]


@pytest.mark.django_db
def test_an_answer_shown_as_a_page_may_load_nothing(viewer: User, login: Login) -> None:
    for path in ("/api/v1/entries", "/api/nowhere"):
        policy = login(viewer).get(path)["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"
