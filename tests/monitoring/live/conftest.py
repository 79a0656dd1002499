"""Files to follow, the cast that may or may not follow them, and listeners of both kinds."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from access.models import Company, User
from access.policy import System
from access.tokens import create_token
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from tests.cast import agent, company, logged_in, stranger, viewer
from tests.monitoring.live.listeners import EventStream, Socket
from tests.web import WebServer

__all__ = ["agent", "company", "stranger", "viewer"]


@pytest.fixture
def file(company: Company) -> TrackedFile:
    return open_file(
        kind="backup",
        company=company,
        name="orders",
        original_path="postgresql://host/orders",
        origin="database",
    )


Cookies = Callable[[User], str]


def session_of(user: User) -> str:
    """The cookie header of a browser in which this person is logged in."""
    client = logged_in(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def token_of(user: User) -> str:
    return create_token(user=user, name="test", actor=System("tests"))


class Listening:
    """Opens sockets and streams at the web server, and closes them at the end of the test."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.open: list[Socket | EventStream] = []

    def socket(
        self, path: str, user: User | None = None, *, token: str = "", origin: str | None = ""
    ) -> Socket:
        headers = _proof(user, token)
        if origin is not None:
            headers["Origin"] = origin or self.server.url
        socket = Socket(self.server.sockets + path, headers)
        self.open.append(socket)
        return socket

    def stream(
        self, path: str, user: User | None = None, *, token: str = "", **headers: str
    ) -> EventStream:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        stream = EventStream(self.server.port, path, {**_proof(user, token), **named})
        self.open.append(stream)
        return stream


def _proof(user: User | None, token: str) -> dict[str, str]:
    headers = {"Cookie": session_of(user)} if user else {}
    return {**headers, "Authorization": f"Bearer {token}"} if token else headers


@pytest.fixture
def listening(web_server: WebServer) -> Iterator[Listening]:
    listening = Listening(web_server)
    yield listening
    for each in listening.open:
        each.close()
