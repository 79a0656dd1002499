"""The page of what stays: it names what goes, and removes that alone."""

import pytest

from access.models import User
from backups.models import Backup, Database
from tests.cast import Login

pytestmark = pytest.mark.django_db


@pytest.fixture
def where(database: Database) -> str:
    return f"/dashboard/databases/{database.pk}/cleanup"


def test_it_says_what_stays_and_why(
    where: str, month: list[Backup], login: Login, viewer: User
) -> None:
    html = login(viewer).get(where).content.decode()
    assert "3 have expired" in html
    assert "one of the last, the newest good one" in html
    assert "nothing says that it goes" in html
    assert "Remove these now" not in html


def test_an_administrator_removes_what_it_named(
    where: str, month: list[Backup], login: Login, admin: User
) -> None:
    client = login(admin)
    assert "Remove these now" in client.get(where).content.decode()
    named = [str(one.pk) for one in month[3:5]]
    assert client.post(where, {"act": "clean", "named": named}).status_code == 302
    assert set(Backup.objects.all()) == {*month[:3], *month[5:]}
    # Nothing that no policy lets go, whatever is asked for.
    client.post(where, {"act": "clean", "named": [str(month[0].pk), str(month[6].pk)]})
    assert set(Backup.objects.all()) == {*month[:3], *month[5:]}


def test_others_may_not(
    where: str, month: list[Backup], login: Login, operator: User, stranger: User
) -> None:
    body = {"act": "clean", "named": [str(one.pk) for one in month]}
    assert login(operator).post(where, body).status_code == 403
    assert login(operator).post(where, {"act": "policy", "last": "1"}).status_code == 403
    assert login(stranger).post(where, body).status_code == 404
    assert Backup.objects.count() == len(month)


def test_the_policy_of_those_made_by_hand(
    where: str, database: Database, month: list[Backup], login: Login, admin: User
) -> None:
    client = login(admin)
    refused = client.post(where, {"act": "policy", "last": "0"})
    assert refused.status_code == 400
    assert "This would keep nothing." in refused.content.decode()
    assert client.post(where, {"act": "policy", "days": "30"}).status_code == 302
    assert Database.objects.get().retention == {"days": 30}
    assert "4 have expired" in client.get(where).content.decode()
    assert client.post(where, {"act": "policy"}).status_code == 302
    assert Database.objects.get().retention == {}


def test_a_stop_is_said_and_ended_by_removing(
    where: str, month: list[Backup], login: Login, admin: User
) -> None:
    Database.objects.update(cleanup_stopped="too_many_by_time")
    client = login(admin)
    html = client.get(where).content.decode()
    assert "The cleanup is stopped." in html
    named = [str(one.pk) for one in month[3:6]]
    client.post(where, {"act": "clean", "named": named})
    assert Backup.objects.count() == len(month)
    client.post(where, {"act": "clean", "named": named, "confirmed": "yes"})
    assert Backup.objects.count() == len(month) - 3
    assert "stopped" not in client.get(where).content.decode()
