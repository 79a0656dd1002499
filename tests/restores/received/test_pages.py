"""The page that restores a file: who sees it, what it shows, and what it starts."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from access.models import User
from backups.models import Database
from restores.models import Restore
from restores.received.models import ReceivedFile
from tests.backups.servers import TestServer
from tests.cast import Login
from tests.restores.received.dumps import EXPECTED, dump
from tests.restores.received.test_restoring import target
from tests.restores.test_restore import new_name, restore_here

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]
PAGE = "/dashboard/restores/file"


def test_a_file_is_sent_looked_at_and_restored(
    target: Database, server: TestServer, login: Login, operator: User, viewer: User
) -> None:
    client = login(operator)
    assert PAGE in client.get("/dashboard/restores").content.decode()
    assert PAGE not in login(viewer).get("/dashboard/restores").content.decode()
    assert login(viewer).get(PAGE).status_code == 403
    shown = client.get(PAGE).content.decode()
    # What an administrator alone may agree to, an operator is not asked.
    assert "accept_plain_sql" not in shown
    with new_name(server) as name:
        given = {"server": target.pk, "name": name, "intent": "look"}
        assert client.post(PAGE, given).status_code == 400
        sent = SimpleUploadedFile("<b>shop.zip", dump(17, "custom"))
        looked = client.post(PAGE, {**given, "file": sent})
        html = looked.content.decode()
        assert looked.status_code == 200
        assert "custom format" in unescape(html)
        assert "<b>shop" not in html
        upload = re.search(r'name="upload" value="([0-9a-f-]+)"', html)
        assert upload is not None
        again = {**given, "intent": "restore", "upload": upload[1]}
        answer = client.post(PAGE, again)
        restore = Restore.objects.get()
        assert answer["Location"] == f"/dashboard/restores/{restore.pk}"
        assert restore_here(restore).status == "completed"
        html = login(viewer).get(answer["Location"]).content.decode()
        assert "Compared with nothing" in html
        for table in EXPECTED:
            assert table in html
        assert "&lt;b&gt;shop" in login(viewer).get("/dashboard/restores").content.decode()


@pytest.mark.exhaustive
def test_what_cannot_be_used_is_said(
    target: Database, login: Login, operator: User, admin: User
) -> None:
    given = {"server": target.pk, "name": "fresh", "intent": "look"}
    sent = SimpleUploadedFile("shop.dump", b"no dump at all")
    answer = login(operator).post(PAGE, {**given, "file": sent})
    assert answer.status_code == 422
    assert "none of the formats" in answer.content.decode()
    plain = dump(17, "plain")
    blocked = login(admin).post(PAGE, {**given, "file": SimpleUploadedFile("x", plain)})
    assert "accept_plain_sql" in blocked.content.decode()
    assert 'id="restore-now"' not in blocked.content.decode()
    here = ReceivedFile.objects.first()
    assert here is not None
    agreed = {**given, "upload": str(here.pk), "accept_plain_sql": "on"}
    assert 'id="restore-now"' in login(admin).post(PAGE, agreed).content.decode()
    # An operator's form has no such field: it is not heard.
    assert 'id="restore-now"' not in login(operator).post(PAGE, agreed).content.decode()
