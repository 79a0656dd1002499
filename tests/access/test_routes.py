"""Every address of the installation needs a login, but for the open ones: a walk over all."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from access.models import User
from access.routes import OPEN_ROUTES
from tests.cast import Login

pytestmark = pytest.mark.django_db

SAMPLES = {
    "uuid": str(uuid.UUID(int=1)),
    "int": "1",
    "str": "x",
    "path": "x",
    "slug": "x",
}


def walk(resolver: URLResolver, prefix: str = "", spaces: str = "") -> Iterator[tuple[str, str]]:
    """Every route as its name and a path that it answers."""
    for entry in resolver.url_patterns:
        path = prefix + sample(str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = f"{spaces}{entry.namespace}:" if entry.namespace else spaces
            yield from walk(entry, path, inner)
        else:
            assert isinstance(entry, URLPattern)
            yield f"{spaces}{entry.name or path}", "/" + path


def sample(pattern: str) -> str:
    """A path for a pattern: of `path()` or of `re_path()`."""
    text = re.sub(r"\(\?P<\w+>(?:\[0-9\]|\\d)[^()]*\)", SAMPLES["int"], pattern)
    text = re.sub(r"\(\?P<\w+>\[a-z\]\{[^()]*\)", "start", text)
    text = re.sub(r"\(\?P<\w+>(?:\[.*?\]\{32,36\}|\.\*|[^()]*)\)", SAMPLES["uuid"], text)
    text = re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES[m[1] or "str"], text)
    return text.replace("/?$", "").strip("^$").replace("\\.", ".")


ROUTES = sorted(set(walk(get_resolver())))


def test_the_walk_finds_the_routes() -> None:
    names = {name for name, _path in ROUTES}
    assert len(ROUTES) > 40
    assert names >= OPEN_ROUTES
    assert {"api:backup-create", "backups:list", "admin:index", "home"} <= names


def test_the_walks_paths_are_those_of_the_routes() -> None:
    for name, path in ROUTES:
        found = get_resolver().resolve(path).view_name
        # Some of the admin's routes have no name.
        assert found == name or "django." in found, (name, path)


def is_refused(client: Client, path: str, method: str) -> bool:
    sent = {"data": "{}", "content_type": "application/json"} if method != "get" else {}
    answer = getattr(client, method)(path, **sent)
    if answer.status_code in (301, 302):
        return "login" in answer["Location"]
    # 403: the admin's own; 405: the view does not know the method and did nothing.
    return answer.status_code in (401, 403, 404, 405)


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["post", "get", "put", "patch", "delete"])
def test_nobody_gets_in_without_a_login(method: str) -> None:
    client = Client()
    open_doors = [
        (name, path)
        for name, path in ROUTES
        if name not in OPEN_ROUTES and not is_refused(client, path, method)
    ]
    assert open_doors == []


def test_reading_says_where_to_log_in() -> None:
    client = Client()
    for name, path in ROUTES:
        if name in OPEN_ROUTES:
            continue
        answer = client.get(path)
        if name.startswith("api:") and "create" not in name:
            assert answer.status_code == 401, path
            assert answer["Content-Type"] == "application/problem+json"
        elif not name.startswith("api:"):
            assert answer.status_code in (302, 401, 403), (name, path)


def test_the_open_routes_are_open() -> None:
    client = Client()
    for name, path in ROUTES:
        if name in OPEN_ROUTES:
            # The admin's own login leads to the one login page; so does a login's second half
            # where there was no first.
            leads = name == "admin:login" or name.startswith("login-")
            expected = (302,) if leads else (200, 503)
            # By a key that nobody has.
            expected = (404,) if name.startswith("ping") else expected
            assert client.get(path).status_code in expected, path


@pytest.mark.exhaustive
def test_no_address_breaks_for_anyone(login: Login, agent: User, superuser: User) -> None:
    for user in (agent, superuser):
        client = login(user)
        for _name, path in ROUTES:
            if "logout" not in path:
                # Nothing runs here but the tests: the health tells so.
                ill = 503 if "health" in path else None
                status = client.get(path).status_code
                assert status < 500 or status == ill, (user.username, path)
