"""The outgoing ping: after a good round alone, once a minute, and never in the tick's way."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import LazySettings

from config import dead_man, tick

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    found: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.append(self.path)
            if self.path == "/hangs":
                time.sleep(2)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_what: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/ping"
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, dead_man_url=url)
    monkeypatch.setattr(dead_man, "_pinged", [])
    monkeypatch.setattr(dead_man, "_under_way", threading.Lock())
    yield found
    server.shutdown()
    server.server_close()


def test_it_goes_once_a_minute(asked: list[str]) -> None:
    thread = dead_man.ping()
    assert thread is not None
    thread.join(5)
    assert dead_man.ping() is None
    assert asked == ["/ping"]


def test_only_a_good_round_pings(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tick, "DUTIES", (fails,))
    tick.run_once()
    assert dead_man._pinged == []
    monkeypatch.setattr(tick, "DUTIES", ())
    tick.run_once()
    assert dead_man._pinged
    with dead_man._under_way:
        assert asked == ["/ping"]


@pytest.mark.usefixtures("asked")
def test_one_that_hangs_holds_nothing_up(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(settings.ENVIRONMENT.dead_man_url).replace("/ping", "/hangs")
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, dead_man_url=url)
    monkeypatch.setattr(dead_man, "TIMEOUT_SECONDS", 0.3)
    began = time.monotonic()
    thread = dead_man.ping()
    monkeypatch.setattr(dead_man, "EVERY_SECONDS", 0.0)
    assert dead_man.ping() is None
    assert time.monotonic() - began < 0.3
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()
