"""The page of the recovery key: who sees it, and its three steps as a browser takes them."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from access.models import Company, User
from backups import keyring
from backups.recovery.state import current_public, key_state
from config.places import Places
from tests.access.test_reauthentication import age as make_stale
from tests.backups.recovery.conftest import Owner, age
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/recovery-key"


def page(client: Client, status: int = 200) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def download(client: Client, file: Path) -> None:
    answer = client.post(f"{PAGE}/download")
    assert answer.status_code == 200
    assert 'filename="holdfast-recovery.agekey"' in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    file.write_bytes(answer.content)


def challenge_on(text: str) -> str:
    found = re.search(r"-----BEGIN AGE.*?-----END AGE ENCRYPTED FILE-----", text, re.DOTALL)
    assert found is not None
    return found[0]


def test_others_are_refused(
    login: Login, admin: User, viewer: User, operator: User, agent: User, company: Company
) -> None:
    for user in (viewer, operator, agent):
        client = login(user)
        assert client.get(PAGE).status_code == 403
        assert client.get(f"{PAGE}/challenge").status_code == 403
        for verb in ("download", "rehearse", "remove"):
            answer = client.post(f"{PAGE}/{verb}")
            assert answer.status_code == 403
            assert b"AGE-SECRET-KEY-" not in answer.content
    assert PAGE not in login(viewer).get("/dashboard/").content.decode()
    assert f'href="{PAGE}"' in login(admin).get("/dashboard/").content.decode()
    assert Client().get(PAGE).status_code == 302
    # With a second company the key opens more than this administrator may read.
    Company.objects.create(name="Beta")
    assert login(admin).get(PAGE).status_code == 403
    assert login(admin).post(f"{PAGE}/download").status_code == 403
    assert not key_state().is_downloaded


def test_nothing_is_handed_out_by_a_link(login: Login, admin: User) -> None:
    for verb in ("download", "rehearse", "remove"):
        assert login(admin).get(f"{PAGE}/{verb}").status_code == 405


def test_the_three_steps(login: Login, admin: User, owner: Owner) -> None:
    client = login(admin)
    text = page(client)
    assert "Not tried" in text
    assert "AGE-SECRET-KEY-" not in text

    download(client, owner.file)
    assert "Download it again" in page(client)

    challenge = challenge_on(page(client))
    assert client.get(f"{PAGE}/challenge").content.decode().strip() == challenge
    wrong = client.post(f"{PAGE}/rehearse", {"phrase": "baba dede lolo momo"})
    assert wrong.status_code == 403
    assert "This is not the phrase." in wrong.content.decode()
    assert challenge_on(html.unescape(wrong.content.decode())) == challenge
    phrase = age("-d", "-i", str(owner.file), text=challenge)
    answer = client.post(f"{PAGE}/rehearse", {"phrase": phrase}, follow=True)
    assert "your copy of the recovery key opens the backups" in answer.content.decode()

    refused = client.post(f"{PAGE}/download")
    assert refused.status_code == 409
    assert b"AGE-SECRET-KEY-" not in refused.content
    # The next challenge is another one.
    assert challenge_on(page(client)) != challenge

    wrong = client.post(f"{PAGE}/remove", {"confirmation": "yes"})
    assert wrong.status_code == 400
    assert keyring.identity_path("recovery").exists()
    end = current_public()[-6:]
    answer = client.post(f"{PAGE}/remove", {"confirmation": end}, follow=True)
    assert "not on this server any more" in answer.content.decode()
    assert not keyring.identity_path("recovery").exists()
    text = page(client)
    assert "Done. Your copy is the only one." in text
    assert "cannot be downloaded again" in text
    assert client.post(f"{PAGE}/download").status_code == 410


def test_a_phrase_is_for_the_session_that_asked(
    login: Login, admin: User, superuser: User, owner: Owner
) -> None:
    asked, other = login(admin), login(superuser)
    download(asked, owner.file)
    phrase = age("-d", "-i", str(owner.file), text=challenge_on(page(asked)))
    assert other.post(f"{PAGE}/rehearse", {"phrase": phrase}).status_code == 403
    assert not key_state().is_ready
    # What the session keeps does not tell the phrase.
    assert phrase.strip() not in str(dict(asked.session))
    assert asked.post(f"{PAGE}/rehearse", {"phrase": phrase}).status_code == 302


def test_the_key_is_pasted_by_mistake(login: Login, admin: User, owner: Owner) -> None:
    client = login(admin)
    download(client, owner.file)
    answer = client.post(f"{PAGE}/rehearse", {"phrase": owner.file.read_text()})
    assert answer.status_code == 403
    assert "This is the key itself." in answer.content.decode()
    assert b"AGE-SECRET-KEY-" not in answer.content


def test_it_is_handed_out_only_after_being_asked_again(login: Login, admin: User) -> None:
    client = login(admin)
    make_stale(client, timedelta(minutes=11))
    sent = {"Referer": f"http://testserver{PAGE}"}
    answer = client.post(f"{PAGE}/download", headers=sent)
    assert answer["Location"] == "/dashboard/account/confirm?next=%2Fdashboard%2Frecovery-key"
    assert client.post(answer["Location"], {"answer": "guess"}).status_code == 400
    assert client.post(f"{PAGE}/download").status_code == 302
    assert not key_state().is_downloaded
    assert client.post(answer["Location"], {"answer": PASSWORD})["Location"] == PAGE
    assert b"AGE-SECRET-KEY-" in client.post(f"{PAGE}/download").content


def test_a_key_beside_the_artifacts_is_red(
    login: Login, admin: User, storage_target: object
) -> None:
    assert "Beside the artifacts" in page(login(admin))
    keyring.identity_path("recovery").unlink()
    assert "Beside the artifacts" not in page(login(admin))


def test_a_server_of_public_keys_only_says_so(login: Login, admin: User, places: Places) -> None:
    client = login(admin)
    assert "public keys only" not in page(client)
    for role in ("installation", "recovery"):
        keyring.identity_path(role).unlink()
    text = page(client)
    assert "This server holds public keys only." in text
    assert "Download the key" not in text
    assert "Try your copy" in text
