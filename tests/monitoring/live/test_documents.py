"""The protocol's document fits what is said; metrics are for this machine, and for tokens."""

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.test import Client
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from access.models import User
from monitoring.files.models import TrackedFile
from monitoring.live.asyncapi import document
from monitoring.notices.models import Notice
from tests.monitoring.live.conftest import Listening, token_of

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = document(host="holdfast.example", version="1", secure=True)


def fits(message: Any, name: str) -> None:
    registry: Any = Registry().with_resource(
        "urn:live", DRAFT202012.create_resource({**DOCUMENT, "$schema": DRAFT202012_ID})
    )
    shape = {"$ref": f"urn:live#/components/schemas/{name}"}
    jsonschema.Draft202012Validator(shape, registry=registry).validate(message)


DRAFT202012_ID = "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_leads_somewhere() -> None:
    for ref in re.findall(r"'\$ref': '#/([^']+)'", str(DOCUMENT)):
        here: Any = DOCUMENT
        for part in ref.split("/"):
            here = here[part]
    assert len(DOCUMENT["channels"]) == 9
    assert (
        "kind" in DOCUMENT["operations"]["queueStream"]["bindings"]["http"]["query"]["properties"]
    )
    for shape in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(shape)
    with pytest.raises(jsonschema.ValidationError):
        fits({"type": "queue_update", "timestamp": "now", "data": {}}, "QueueUpdateMessage")


def test_what_is_said_is_what_is_documented(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    Notice.objects.create(title="Hello")
    TrackedFile.objects.update(status="processing")
    for channel in DOCUMENT["channels"].values():
        address = channel["address"].format(download_id=file.pk)
        if address.startswith("/ws/"):
            socket = listening.socket(address, viewer)
            fits(socket.next(), "ConnectionEstablishedMessage")
            # After those of every channel; further ones come to who asks.
            fits(socket.next(), list(channel["messages"])[2])
        else:
            stream = listening.stream(address, viewer)
            fits(stream.next(), "ConnectionEstablishedEvent")
            fits(stream.next(), list(channel["messages"])[2])
    asked = listening.socket("/ws/general?alerts=1", viewer)
    fits(asked.until("alerts_update"), "AlertsUpdateMessage")
    fits(
        listening.socket(f"/ws/downloads/{file.pk}?since=0-1", viewer).until("reset"),
        "ResetMessage",
    )
    lost = listening.stream(f"/downloads/{file.pk}/stream?since=0-1", viewer)
    fits(lost.until("reset"), "ResetEvent")
    TrackedFile.objects.update(status="failed", error="x")
    end = listening.stream(f"/downloads/{file.pk}/stream", viewer)
    fits(end.until("download_failed"), "DownloadProgressEvent")
    fits(listening.socket("/ws/queue").next(), "ErrorMessage")


def test_the_page_and_the_document(viewer: User) -> None:
    client = Client()
    assert client.get("/docs/live").status_code == 302
    client.force_login(viewer)
    page = client.get("/docs/live")
    assert "/ws/dashboard" in page.content.decode()
    assert client.get("/docs/live.json").json()["asyncapi"] == "3.0.0"


def test_metrics(listening: Listening, viewer: User, agent: User) -> None:
    for user in (viewer, viewer):
        listening.socket("/ws/queue", user).until("queue_update")
    listening.socket("/ws/queue?since=1-1", viewer).until("queue_update")
    listening.socket("/ws/queue").next()
    text = listening.stream("/metrics").response.read().decode()

    def value(start: str) -> float:
        return sum(
            float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(start)
        )

    assert value('holdfast_live_connections{channel="queue",way="socket"') == 3
    assert value('holdfast_live_opened_total{channel="queue",way="socket"') >= 3
    assert value('holdfast_live_resumed_total{channel="queue",way="socket"') >= 1
    assert value('holdfast_live_errors_total{code="not_authenticated"') >= 1
    assert value('holdfast_live_messages_total{way="socket"') >= 3
    assert value('holdfast_live_latency_seconds_bucket{le="+Inf"') == value(
        "holdfast_live_latency_seconds_count"
    )
    far = Client(REMOTE_ADDR="192.0.2.7")
    assert far.get("/metrics").status_code == 401
    proxied = Client(headers={"X-Forwarded-For": "192.0.2.7"})
    assert proxied.get("/metrics").status_code == 401
    for user, status in ((viewer, 200), (agent, 403)):
        asked = Client(
            REMOTE_ADDR="192.0.2.7", headers={"Authorization": f"Bearer {token_of(user)}"}
        )
        assert asked.get("/metrics").status_code == status
