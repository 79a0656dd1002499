"""Pages of other sites may send files when their site is named: by a token, never by a cookie."""

import asyncio
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from access.models import User
from config.asgi import application
from storage.models import StorageTarget
from tests.cast import Login
from tests.monitoring.live.conftest import token_of
from uploads.models import UploadSession

pytestmark = pytest.mark.django_db(transaction=True)
OURS, FOREIGN = "https://status.example.org", "https://evil.example.net"
TUS = "/api/uploads/tus/"
CREATION = {"tus-resumable": "1.0.0", "upload-length": "5"}
PATHS = [TUS, f"{TUS}x", "/upload/video/x", "/upload/metadata/x", "/api/uploads/x/file"]


@pytest.fixture(autouse=True)
def one_named_site(settings: LazySettings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [OURS]


def ask(method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in {"host": "localhost", **named}.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }

    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    asyncio.run(application(scope, receive, send))
    found = {k.decode().lower(): v.decode() for k, v in said[0]["headers"]}
    return int(said[0]["status"]), found


def preflight(path: str, origin: str) -> dict[str, str]:
    wanted = {"access-control-request-method": "PATCH"}
    status, headers = ask("OPTIONS", path, origin=origin, **wanted)
    assert status == 200
    return headers


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_asks_before(path: str) -> None:
    headers = preflight(path, OURS)
    assert headers["access-control-allow-origin"] == OURS
    assert "PATCH" in headers["access-control-allow-methods"]
    for name in ("authorization", "tus-resumable", "upload-offset", "upload-metadata"):
        assert name in headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in headers
    assert not [name for name in preflight(path, FOREIGN) if name.startswith("access-control")]


def test_it_is_the_rule_of_the_api(client: Client) -> None:
    wanted = {"Origin": OURS, "Access-Control-Request-Method": "POST"}
    theirs = client.options("/api/uploads/create-session", headers=wanted).headers
    mine = preflight(TUS, OURS)
    names = [name for name in mine if name.startswith("access-control")]
    assert {name: theirs[name] for name in names} == {name: mine[name] for name in names}
    assert (mine["vary"], len(names)) == (theirs["vary"], 5)


def test_what_tus_clients_ask_is_answered_too() -> None:
    status, headers = ask("OPTIONS", TUS, origin=OURS)
    assert (status, headers["tus-version"]) == (204, "1.0.0")
    assert headers["access-control-allow-origin"] == OURS


@pytest.mark.parametrize("origin", [OURS, FOREIGN])
def test_answers_are_for_the_named_site(
    agent: User, storage_target: StorageTarget, origin: str
) -> None:
    allowed = origin == OURS
    bearer = {"authorization": f"Bearer {token_of(agent)}", "origin": origin}
    status, headers = ask("POST", TUS, **bearer, **CREATION)
    # A token is a proof by itself, from wherever; a page of another site cannot read the answer.
    assert status == 201
    assert headers.get("access-control-allow-origin") == (OURS if allowed else None)
    exposed = headers.get("access-control-expose-headers", "").split(", ")
    wanted = {"Location", "Upload-Offset", "Upload-Expires", "Tus-Resumable", "Retry-After"}
    assert (wanted <= set(exposed)) is allowed
    status, refused = ask("HEAD", f"{TUS}nothing", **bearer)
    assert status == 404
    assert refused.get("access-control-allow-origin") == (OURS if allowed else None)
    status, refused = ask("POST", TUS, origin=origin, **CREATION)
    assert status == 401
    assert refused.get("access-control-allow-origin") == (OURS if allowed else None)


@pytest.mark.parametrize("origin", [OURS, FOREIGN])
def test_a_cookie_opens_nothing_for_another_site(
    operator: User, storage_target: StorageTarget, login: Login, origin: str
) -> None:
    [cookie] = login(operator).cookies.values()
    named = f"{cookie.key}={cookie.value}"
    assert ask("POST", TUS, cookie=named, origin=origin, **CREATION)[0] == 401
    assert not UploadSession.objects.exists()
    assert ask("POST", TUS, cookie=named, origin="http://localhost", **CREATION)[0] == 201
