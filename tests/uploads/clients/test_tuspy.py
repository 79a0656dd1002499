"""tuspy: one file by several processes, over a bad line, refused, and with its checksums."""

from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.agent.chaos import ChaosProxy, Fault
from tests.uploads.clients.conftest import WRONG_TOKEN, require_stored
from tests.uploads.sending import Sender
from uploads.models import UploadSession

pytestmark = pytest.mark.django_db(transaction=True)

PIECE = 200_000
SAID = {"filename": "session.mp4", "session_id": "rdp_7"}


def client(base: str, token: str) -> TusClient:
    return TusClient(f"{base}/api/uploads/tus/", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.exhaustive
def test_another_process_goes_on(sender: Sender, file: Path, body: bytes) -> None:
    tus = client(sender.base, sender.token)
    first: Any = tus.uploader(str(file), chunk_size=PIECE, metadata=SAID)
    first.upload_chunk()
    first.upload_chunk()
    # By the address alone.
    more = {"chunk_size": PIECE, "upload_checksum": True}
    second: Any = tus.uploader(str(file), url=first.url, **more)
    assert second.offset == 2 * PIECE
    second.upload()
    session = UploadSession.objects.get(client_id="rdp_7")
    # Plain tus knows no finalize.
    assert session.status == "finalizing"
    require_stored(session, body)


@pytest.mark.exhaustive
def test_a_cut_line(sender: Sender, proxy: ChaosProxy, file: Path, body: bytes) -> None:
    again = {"retries": 3, "retry_delay": 0.05}
    tus = client(proxy.url, sender.token)
    one: Any = tus.uploader(str(file), chunk_size=len(body), metadata=SAID, **again)
    one.set_url(one.create_url())
    proxy.befall(Fault("cut", after=400_000), Fault("reset", after=100))
    one.upload()
    assert proxy.met == ["cut", "reset"]
    require_stored(UploadSession.objects.get(client_id="rdp_7"), body)


def test_a_wrong_token(sender: Sender, file: Path) -> None:
    refused: Any = client(sender.base, WRONG_TOKEN).uploader(str(file), metadata=SAID)
    with pytest.raises(TusCommunicationError) as caught:
        refused.upload()
    assert caught.value.status_code == 401
    assert not UploadSession.objects.exists()
