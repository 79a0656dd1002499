"""Pages of other sites may send files when their site is named: by a token, never by a cookie."""

import pytest
from django.conf import LazySettings
from django.test import Client

from access.models import User
from storage.models import StorageTarget
from tests.cast import Login
from tests.monitoring.live.conftest import token_of
from tests.pooled import pooled
from tests.uploads.asgi import ask
from uploads.models import UploadSession

__all__ = ["pooled"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pooled")]
OURS, FOREIGN = "https://status.example.org", "https://evil.example.net"
TUS = "/api/uploads/tus/"
CREATION = {
    "tus-resumable": "1.0.0",
    "upload-length": "5",
    "upload-metadata": "filename YS5tcDQ=",
}
# What browser clients put into their requests, by one option or another.
SENT = {
    *("authorization", "content-type", "content-range", "tus-resumable", "upload-length"),
    *("upload-offset", "upload-metadata", "upload-checksum", "upload-defer-length"),
    *("upload-concat", "x-http-method-override", "x-request-id", "x-requested-with"),
}
PATHS = [TUS, f"{TUS}x", "/upload/video/x", "/upload/metadata/x", "/api/uploads/x/file"]


@pytest.fixture(autouse=True)
def one_named_site(settings: LazySettings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [OURS]


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
    assert set(headers["access-control-allow-headers"].split(", ")) >= SENT
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
    said_by_tus = {name for name in headers if name.startswith(("upload-", "tus-"))}
    wanted = {"location", "retry-after", "content-range", *said_by_tus}
    assert {"upload-offset", "upload-expires", "tus-resumable"} <= said_by_tus
    assert (wanted <= {name.lower() for name in exposed}) is allowed
    path = headers["location"].removeprefix("http://localhost")
    status, stands = ask("HEAD", path, **bearer)
    assert status == 200
    # Whatever an answer says of the upload, a page may read.
    more = {name for name in stands if name.startswith(("upload-", "tus-"))}
    assert {"upload-metadata", "upload-length"} <= more
    assert (more <= {name.lower() for name in exposed}) is allowed
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


def test_a_method_may_be_named_by_a_header(agent: User, storage_target: StorageTarget) -> None:
    """As tus 1.0.0 says, for lines that let only GET and POST by."""
    bearer = {"authorization": f"Bearer {token_of(agent)}"}
    _status, headers = ask("POST", TUS, **bearer, **CREATION)
    path = headers["location"].removeprefix("http://localhost")
    piece = {"upload-offset": "3", "content-type": "application/offset+octet-stream"}
    override = "x-http-method-override"
    assert ask("POST", path, **bearer, **piece, **{override: "PATCH"})[0] == 409
    assert ask("POST", path, **bearer, **{override: "HEAD"})[1]["upload-length"] == "5"
    # Only of a POST: what changes something must not come as what is safe.
    assert ask("GET", path, **bearer, **{override: "DELETE"})[0] == 405
    assert UploadSession.objects.get().is_receiving
    assert ask("POST", path, **bearer, **{override: "DELETE"})[0] == 204
    assert not UploadSession.objects.get().is_receiving
