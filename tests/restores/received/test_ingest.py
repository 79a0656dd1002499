"""Files to restore by the data plane: whole, resumed, by a page's session, and refused."""

import hashlib
import uuid

import pytest
from django.conf import settings

from access.models import AuditEntry, Company, Membership, User
from access.roles import Role
from backups.errors import BackupError, NotReady
from backups.models import Database
from restores.outside import file_from_outside
from restores.received.models import ReceivedFile
from restores.received.places import place_of
from restores.received.services import expire_files
from tests.cast import database, storage_target
from tests.monitoring.live.conftest import session_of, token_of
from tests.uploads.sending import Sender
from tests.web import WebServer
from uploads.ingest.staging import staging_folder
from uploads.models import UploadSession

__all__ = ["database", "storage_target"]
pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/restores/uploads"
BODY = b"PGDMP" + bytes(range(256)) * 50


@pytest.fixture
def sender(web_server: WebServer, operator: User) -> Sender:
    return Sender(web_server.url, token_of(operator))


def test_a_file_in_one_body(sender: Sender, operator: User) -> None:
    # What tests before this one have left.
    expire_files()
    sent = sender.ask("POST", f"{URL}?name=../shop.dump", BODY)
    assert sent.status == 201, sent.body
    file = ReceivedFile.objects.get()
    assert (sent.json["id"], sent.json["name"]) == (str(file.pk), "shop.dump")
    assert (file.sha256, file.created_by) == (hashlib.sha256(BODY).hexdigest(), operator)
    assert sent.headers["location"].endswith(f"{URL}/{file.pk}")
    assert place_of(file.pk).read_bytes() == BODY
    assert place_of(file.pk).stat().st_mode & 0o777 == 0o600
    assert list(staging_folder().iterdir()) == []
    assert expire_files() == 0
    assert place_of(file.pk).exists()
    session = UploadSession.objects.get()
    assert (session.status, session.kind) == ("completed", "restore")
    assert session.file is not None
    assert session.file.status == "completed"
    assert AuditEntry.objects.filter(action="restore.file_received").count() == 1


def named(ref: str, actor: User) -> ReceivedFile | None:
    """What a restore of that upload would be of."""
    company = Company.objects.first()
    assert company is not None
    return file_from_outside(actor=actor, company=company, upload=ref).received


def refused(ref: str, actor: User) -> str:
    with pytest.raises(BackupError) as found:
        named(ref, actor)
    return found.value.code


def test_a_page_sends_in_pieces(
    web_server: WebServer, sender: Sender, operator: User, stranger: User
) -> None:
    page = {"Cookie": session_of(operator), "Origin": web_server.url, "Authorization": ""}
    # An empty header is none: the session alone is the proof.
    opened = sender.ask("POST", URL, headers={**page, "Upload-Length": str(len(BODY))})
    assert opened.status == 201, opened.body
    url = opened.headers["location"]
    session = UploadSession.objects.get()
    with pytest.raises(NotReady, match="not whole yet"):
        named(session.public_id, operator)
    for start in range(0, len(BODY), 5000):
        piece = {
            **page,
            "Upload-Offset": str(start),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = sender.ask("PATCH", url, BODY[start : start + 5000], piece)
        assert answer.status == 204, answer.body
    session.refresh_from_db()
    status = sender.status(session.public_id)
    assert status["status"] == "completed"
    assert ReceivedFile.objects.get().pk == session.result_id
    assert status["server_file_id"] == str(session.result_id)
    for ref in (session.public_id, str(session.pk), status["server_file_id"]):
        assert named(ref, operator) == ReceivedFile.objects.get()
    for ref in ("upload_session_x", str(uuid.uuid4()), "x" * 80):
        assert refused(ref, operator) == "not_found"
    assert refused(session.public_id, stranger) == "not_found"
    foreign = {**page, "Origin": "https://evil.example", "Upload-Length": "5"}
    assert sender.ask("POST", URL, headers=foreign).status == 401


def test_it_is_of_the_company_of_its_server(
    sender: Sender, operator: User, database: Database
) -> None:
    """For who works for several, the database that a page names says which."""
    other = Company.objects.create(name="Other")
    Membership.objects.create(user=operator, company=other, role=Role.OPERATOR)
    size = {"Upload-Length": str(len(BODY))}
    unclear = sender.ask("POST", URL, headers=size)
    assert (unclear.status, unclear.json["code"]) == (400, "bad_option")
    assert sender.ask("POST", f"{URL}?server={database.pk}", headers=size).status == 201
    assert UploadSession.objects.get().company == database.company
    for unknown in (uuid.uuid4(), "x"):
        assert sender.ask("POST", f"{URL}?server={unknown}", headers=size).status == 400


def test_what_is_refused(web_server: WebServer, viewer: User, agent: User, operator: User) -> None:
    for user in (viewer, agent):
        answer = Sender(web_server.url, token_of(user)).ask("POST", URL, BODY)
        assert (answer.status, answer.json["code"]) == (403, "not_allowed")
    too_much = (settings.ENVIRONMENT.upload_most_mb << 20) + 1
    large = Sender(web_server.url, token_of(operator)).ask(
        "POST", URL, headers={"Upload-Length": str(too_much)}
    )
    assert (large.status, large.json["code"]) == (413, "too_large")
    assert not ReceivedFile.objects.exists()
