"""The same for the data plane: each route and method, on own, others' and foreign sessions."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from access.models import User
from access.policy import System
from config.asgi import application
from tests.cast import logged_in
from tests.choice import as_exhaustive
from tests.pooled import pooled
from tests.walk.walker import FAULT, FORBIDDEN, IN, LOGIN, METHOD, MISSING
from tests.walk.world import PEOPLE, Place, World, make_world
from uploads.ingest.routes import ROUTES, Route
from uploads.models import UploadSession
from uploads.sessions import Announced, open_session

__all__ = ["pooled"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pooled")]
# As in tests/walk/rules.py, of PEOPLE: who may open an upload, and send to one of their own.
MAY_SEND = "fiiiii"
# Whatever a route takes: what it does not is nobody's.
METHODS = ("PUT", "POST", "HEAD", "PATCH", "GET", "DELETE")
HEADERS = {
    "tus-resumable": "1.0.0",
    "upload-length": "5",
    "upload-offset": "4",
    "content-type": "application/offset+octet-stream",
    "origin": "http://localhost",
    "host": "localhost",
}


class Peer:
    """A browser of one person; nobody's when `user` is None."""

    def __init__(self, user: User | None) -> None:
        client = Client() if user is None else logged_in(user)
        cookies = [f"{name}={one.value}" for name, one in client.cookies.items()]
        self.headers = {**HEADERS, "cookie": "; ".join(cookies)}

    def go(self, method: str, path: str) -> tuple[str, str]:
        """The outcome as one letter, and what was said."""
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        pairs = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": pairs}
        asyncio.run(application(scope, receive, send))
        status = said[0]["status"]
        outcomes = {401: LOGIN, 403: FORBIDDEN, 404: MISSING, 405: METHOD, 500: FAULT}
        return outcomes.get(status, IN), said[1]["body"].decode()


def own_session(place: Place, user: User) -> UploadSession:
    """As if the person had opened it, whatever the role."""
    announced = Announced(file_size=5, file_name=place.mark)
    session, _new = open_session(company=place.company, actor=System("tests"), announced=announced)
    UploadSession.objects.filter(pk=session.pk).update(created_by=user)
    return session


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield make_world(tmp_path)
    for left in Path(settings.PLACES.uploads).glob("*"):
        left.unlink()


# The others differ in what they call the part, or may do less of the same.
EACH = [one if one.name == "resource" else as_exhaustive(one) for one in ROUTES]


@pytest.mark.parametrize("route", EACH, ids=lambda route: route.name)
def test_everyone_gets_what_is_theirs(route: Route, world: World) -> None:
    nobody, root = Peer(None), Peer(world.people["root"])
    for method in METHODS:
        path = path_of(route, world.own.things["uploadsession"])
        assert nobody.go(method, path)[0] == LOGIN, method
        if method not in route.methods:
            assert root.go(method, path)[0] == METHOD, method
    for who, letter in zip(PEOPLE, MAY_SEND, strict=True):
        home = world.foreign if who == "stranger" else world.own
        theirs = path_of(route, own_session(home, world.people[who]))
        for method in (one for one in METHODS if one in route.methods):
            complaint = (who, method)
            found, _said = Peer(world.people[who]).go(method, theirs)
            if route.name == "creation":
                assert found == letter, complaint
                continue
            # Without the right to send, not even what once was one's own is there.
            assert found == (IN if letter == IN else MISSING), complaint
            others(route, world, who, method)


def others(route: Route, world: World, who: str, method: str) -> None:
    """Those of colleagues and of others are not there, and answer as what never was."""
    peer = Peer(world.people[who])
    answers = {
        peer.go(method, path_of(route, place.things["uploadsession"]))
        for place in (world.own, world.foreign)
    }
    if method == METHODS[0]:
        answers.add(peer.go(method, route.pattern.format(session_id="nothing")))
    assert len(answers) == 1, (who, method)
    assert answers.pop()[0] == MISSING, (who, method)


def path_of(route: Route, session: UploadSession) -> str:
    return route.pattern.format(session_id=session.public_id)
