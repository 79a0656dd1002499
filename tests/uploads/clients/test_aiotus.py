"""aiotus: pieces, its own retries over a bad line, metadata read back, and refusals."""

import asyncio
import io

import aiotus
import pytest
import yarl

from tests.agent.chaos import ChaosProxy, Fault
from tests.uploads.clients.conftest import WRONG_TOKEN, require_stored
from tests.uploads.sending import Sender
from uploads.models import UploadSession

pytestmark = pytest.mark.django_db(transaction=True)

SAID: dict[str, bytes | None] = {
    "filename": b"session.mp4",
    "session_id": "rdp_größe".encode(),
    "sha256": None,
    "room": b"4",
}
QUICK = aiotus.RetryConfiguration(retry_attempts=4, max_retry_period_seconds=0.05)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def send(
    base: str, token: str, body: bytes, *, said: aiotus.Metadata, piece: int = 1 << 20
) -> yarl.URL | None:
    return asyncio.run(
        aiotus.upload(
            f"{base}/api/uploads/tus/",
            io.BytesIO(body),
            said,
            config=QUICK,
            headers=bearer(token),
            chunksize=piece,
        )
    )


@pytest.mark.exhaustive
def test_in_pieces_and_what_was_said_of_it(sender: Sender, body: bytes) -> None:
    where = send(sender.base, sender.token, body, said=SAID, piece=100_000)
    assert where is not None
    said = asyncio.run(aiotus.metadata(where, headers=bearer(sender.token)))
    assert said == {name: value for name, value in SAID.items() if value is not None}
    session = UploadSession.objects.get(client_id="rdp_größe")
    assert session.metadata == {"room": "4"}
    require_stored(session, body)


@pytest.mark.exhaustive
def test_a_bad_line(sender: Sender, proxy: ChaosProxy, body: bytes) -> None:
    # The session is opened on the connection that is cut.
    proxy.befall(Fault("cut", after=300_000), Fault("answer", after=1), Fault("reset", after=9_000))
    assert send(proxy.url, sender.token, body, said=SAID) is not None
    assert proxy.met == ["cut", "answer", "reset"]
    require_stored(UploadSession.objects.get(), body)


def test_what_it_is_refused(sender: Sender, body: bytes) -> None:
    assert send(sender.base, WRONG_TOKEN, body, said=SAID) is None
    assert not UploadSession.objects.exists()
    # It asks what the server can do, and this one puts no parts together.
    parts = [io.BytesIO(body), io.BytesIO(body)]
    endpoint = f"{sender.base}/api/uploads/tus/"
    joined = aiotus.upload_multiple(endpoint, parts, config=QUICK, headers=bearer(sender.token))
    assert asyncio.run(joined) is None
    assert not UploadSession.objects.exists()
