"""Chats and webhooks: by a real HTTP server on loopback, which takes, refuses and stalls."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import LazySettings

from access.models import Company
from monitoring.alerts.carriers import by_apprise
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.sending import send_delivery
from monitoring.alerts.services import open_alert

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Hook:
    port: int = 0
    status: int = 200
    location: str = ""
    got: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    stalls: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    found.stalls.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.stalls.wait(5)
            length = int(self.headers["Content-Length"])
            found.got.append((dict(self.headers), json.loads(self.rfile.read(length))))
            self.send_response(found.status)
            if found.location:
                self.send_header("Location", found.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_what: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    found.stalls.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(hook: Hook, settings: LazySettings) -> Channel:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, alert_inner_hosts=True)
    made = Channel(name="Hook", kind="service")
    made.address = f"json://user:topsecretword@127.0.0.1:{hook.port}/hooks/Sup3rS3cret"
    made.save()
    return made


def sent(company: Company) -> Delivery:
    open_alert(key="backup.failed:1", company=company, subject="orders failed", text="no disk")
    delivery: Delivery = Delivery.objects.get(kind="opened", alert__rule="backup.failed")
    send_delivery(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return delivery


@pytest.mark.usefixtures("webhook")
def test_a_webhook_gets_the_words_and_the_key(company: Company, hook: Hook) -> None:
    delivery = sent(company)
    assert (delivery.status, delivery.error) == ("sent", "")
    [(headers, body)] = hook.got
    assert body["title"] == "[Warning] orders failed"
    assert "no disk" in body["message"]
    assert headers["Idempotency-Key"] == delivery.key


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize("status", [500, 404])
def test_what_it_refuses_is_tried_again_without_a_secret_in_the_reason(
    company: Company, hook: Hook, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    hook.status = status
    delivery = sent(company)
    assert (delivery.status, delivery.attempts) == ("waiting", 1)
    assert str(status) in delivery.error
    told = delivery.error + "".join(capsys.readouterr())
    assert "Sup3rS3cret" not in told
    assert "topsecretword" not in told


@pytest.mark.usefixtures("webhook")
def test_a_redirect_is_not_followed(company: Company, hook: Hook) -> None:
    hook.status, hook.location = 307, f"http://127.0.0.1:{hook.port}/elsewhere"
    assert sent(company).status == "waiting"
    assert len(hook.got) == 1


@pytest.mark.usefixtures("webhook")
def test_one_that_stalls_is_given_up(
    company: Company, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_apprise, "TIMEOUT_SECONDS", 0.5)
    hook.stalls.clear()
    assert sent(company).status == "waiting"


def test_an_address_that_turned_inner_is_refused_when_it_is_used(
    company: Company, webhook: Channel, hook: Hook, settings: LazySettings
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, alert_inner_hosts=False)
    delivery = sent(company)
    assert delivery.status == "failed"
    assert "inner network" in delivery.error
    assert hook.got == []
