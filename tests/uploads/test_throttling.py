"""Who guesses tokens at the data plane; what is counted there, and what is not."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache

from access.models import User
from storage.models import StorageTarget
from tests.choice import first_of
from tests.monitoring.live.conftest import token_of
from tests.pooled import pooled
from tests.uploads.asgi import ask
from uploads.models import UploadSession

__all__ = ["pooled"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pooled")]
TUS = "/api/uploads/tus/"
CREATION = {"tus-resumable": "1.0.0", "upload-length": "5"}
FULL_MINUTE = 8


@pytest.fixture
def token(agent: User, storage_target: StorageTarget) -> str:
    return token_of(agent)


@pytest.fixture(autouse=True)
def nobody_counted_yet() -> None:
    cache.clear()


def statuses(method: str, path: str, token: str, **more: Any) -> list[int]:
    bearer = {"authorization": f"Bearer {token}"}
    return [ask(method, path, **bearer, **more)[0] for _ in range(FULL_MINUTE)]


@pytest.mark.parametrize("path", [f"{TUS}x", "/upload/video/x"])
def test_who_guesses_tokens_has_to_wait(settings: LazySettings, path: str) -> None:
    settings.API_LIMITS = {"address": 3}
    # A new minute may have begun meanwhile.
    found = statuses("HEAD", path, "hf_" + "a" * 61)
    assert found[0] == 401
    assert set(found) == {401, 429}


def test_the_right_token_waits_too(settings: LazySettings, token: str) -> None:
    """Else a guess would be known to be right here, though the limit is over."""
    settings.API_LIMITS = {"address": 3}
    held = []
    for _ in range(FULL_MINUTE):
        status, headers = ask("HEAD", f"{TUS}x", authorization="Bearer hf_wrong")
        held.append(ask("HEAD", f"{TUS}x", authorization=f"Bearer {token}")[0])
        if status == 429:
            assert 1 <= int(headers["retry-after"]) <= 60
    assert (held[0], set(held)) == (404, {404, 429})
    elsewhere = {"authorization": f"Bearer {token}", "address": "192.0.2.7"}
    assert ask("HEAD", f"{TUS}x", **elsewhere)[0] == 404


def test_without_a_token_nobody_is_counted(settings: LazySettings, token: str) -> None:
    settings.API_LIMITS = {"address": 3}
    assert {ask("HEAD", f"{TUS}x")[0] for _ in range(FULL_MINUTE)} == {401}
    assert ask("HEAD", f"{TUS}x", authorization=f"Bearer {token}")[0] == 404


@pytest.mark.parametrize("scope", first_of("token", "user", "address"))
def test_to_open_counts_and_to_send_does_not(
    settings: LazySettings, token: str, scope: str
) -> None:
    settings.API_LIMITS = {scope: 3}
    status, headers = ask("POST", TUS, authorization=f"Bearer {token}", **CREATION)
    assert status == 201
    path = headers["location"].removeprefix("http://localhost")
    assert set(statuses("HEAD", path, token, **{"tus-resumable": "1.0.0"})) == {200}
    found = statuses("POST", TUS, token, **CREATION)
    assert set(found) == {201, 429}
    assert UploadSession.objects.count() == 1 + found.count(201)
