import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from access.models import User
from backups.models import Backup, Database, RecoveryKey
from backups.recovery.state import current_public
from monitoring.heartbeats.services import beat
from tests.cast import PASSWORD, Login, make_backup, make_running


def page(client: Client, path: str = "/dashboard/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_login_every_page_leads_to_the_login(client: Client, db: None) -> None:
    for path in ("/dashboard/", "/dashboard/backup", "/dashboard/databases"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/login?next={path}"


def test_login_and_logout(client: Client, viewer: User) -> None:
    wrong = client.post("/login", {"username": "vera", "password": "guess"})
    assert wrong.status_code == 200
    assert "do not fit together" in wrong.content.decode()
    right = client.post("/login", {"username": "vera", "password": PASSWORD})
    assert right.status_code == 302
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/dashboard/"
    assert client.post("/logout").status_code == 302
    assert client.get("/dashboard/").status_code == 302


def test_login_does_not_send_anyone_elsewhere(client: Client, viewer: User) -> None:
    form = {"username": "vera", "password": PASSWORD, "next": "https://evil.example/"}
    assert "evil" not in client.post("/login", form)["Location"]


def test_without_databases_it_says_what_to_do(login: Login, viewer: User, admin: User) -> None:
    assert "No database is backed up yet." in page(login(viewer))
    assert "/dashboard/databases/new" not in page(login(viewer))
    assert "/dashboard/databases/new" in page(login(admin))


def test_a_young_good_backup_makes_a_database_safe(
    login: Login, viewer: User, database: Database
) -> None:
    make_backup(database)
    html = page(login(viewer))
    assert "The database has a good backup." in html
    assert "Good is not proven" in html
    assert "Proven" not in html


def answer_on(client: Client) -> tuple[str, str]:
    """The tone and the words of the answer."""
    found = re.search(r'<section class="card answer (\w+)".*?</section>', page(client), re.DOTALL)
    assert found is not None
    return found[1], found[0]


def try_the_key() -> None:
    current = RecoveryKey.objects.get_or_create(public=current_public())[0]
    current.downloaded_at = current.rehearsed_at = timezone.now()
    current.save()


def test_without_a_tried_key_nothing_is_called_safe(
    login: Login, viewer: User, admin: User, database: Database
) -> None:
    make_backup(database, validation=Backup.Validation.PROVEN)
    tone, words = answer_on(login(admin))
    assert tone == "warn"
    assert "it was never downloaded" in words
    assert 'href="/dashboard/recovery-key"' in words
    tone, words = answer_on(login(viewer))
    assert tone == "warn"
    assert "it was never downloaded" in words
    assert "recovery-key" not in words
    RecoveryKey.objects.create(public=current_public(), downloaded_at=timezone.now())
    assert "nobody has tried a copy of it" in answer_on(login(viewer))[1]
    try_the_key()
    assert answer_on(login(viewer))[0] == "proven"


def test_proven_is_said_when_all_are(login: Login, viewer: User, database: Database) -> None:
    try_the_key()
    make_backup(database, age=timedelta(hours=3), validation=Backup.Validation.PROVEN)
    tone, words = answer_on(login(viewer))
    assert tone == "proven"
    assert "The database is proven to restore." in words
    assert "Good is not proven" not in words
    second = Database.objects.get(pk=database.pk)
    second.pk, second._state.adding, second.name = uuid.uuid4(), True, "second"
    second.save()
    make_backup(second)
    tone, words = answer_on(login(viewer))
    assert tone == "good"
    assert "All 2 databases have a good backup." in words
    assert "1 of 2 are proven" in words
    Backup.objects.update(validation=Backup.Validation.PROVEN)
    tone, words = answer_on(login(viewer))
    assert (tone, "All 2 databases are proven to restore." in words) == ("proven", True)


def test_a_partial_drill_leaves_a_good_backup(
    login: Login, viewer: User, database: Database
) -> None:
    try_the_key()
    make_backup(database, validation=Backup.Validation.PARTIAL)
    tone, words = answer_on(login(viewer))
    assert tone == "good"
    assert "The database has a good backup." in words
    assert "Partial" in page(login(viewer))


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"age": timedelta(hours=25)}, "Late"),
        ({"validation": Backup.Validation.UNCHECKED}, "Unchecked"),
        ({"validation": Backup.Validation.CORRUPT}, "Corrupt"),
        ({"options": {"tables": ["customers"]}}, "holds a part of the database only"),
        ({"options": {"schema_only": True}}, "Partial"),
        (
            {
                "status": Backup.Status.FAILED,
                "validation": Backup.Validation.UNCHECKED,
                "error": "permission denied for table audit_log",
            },
            "Failed",
        ),
    ],
)
def test_what_is_not_good_or_not_young_is_not_safe(
    login: Login, viewer: User, database: Database, facts: dict[str, object], word: str
) -> None:
    make_backup(database, **facts)  # type: ignore[arg-type]  # a table of facts
    html = page(login(viewer))
    assert "One database is not safe." in html
    assert word in html
    assert str(facts.get("error", "")) in html


def test_a_failure_does_not_hide_the_good_one_before_it(
    login: Login, viewer: User, database: Database
) -> None:
    make_backup(database, age=timedelta(hours=3))
    make_backup(
        database,
        age=timedelta(hours=1),
        status=Backup.Status.FAILED,
        validation=Backup.Validation.UNCHECKED,
    )
    assert "The database has a good backup." in page(login(viewer))


def test_what_runs_is_shown_with_its_stages(login: Login, viewer: User, database: Database) -> None:
    make_running(database)
    html = page(login(viewer))
    assert "Running now" in html
    assert "7.90 GB of 12.8 GB" in html
    assert "data-poll" in html


def test_a_stranger_sees_nothing_of_it(login: Login, stranger: User, database: Database) -> None:
    make_running(database)
    html = page(login(stranger))
    assert "orders" not in html
    assert "No database is backed up yet." in html


def test_an_agent_has_no_pages(login: Login, agent: User) -> None:
    answer = login(agent).get("/dashboard/")
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.content.decode()


def test_the_watcher_is_shown_alive_or_not(login: Login, viewer: User) -> None:
    assert "The watcher has not run yet" in page(login(viewer))
    beat(name="tick")
    assert "Watcher alive" in page(login(viewer))


def test_only_staff_is_led_to_the_administration(login: Login, viewer: User, admin: User) -> None:
    assert 'href="/admin/"' not in page(login(viewer))
    assert 'href="/admin/"' in page(login(admin))


def test_the_number_of_queries_does_not_grow(
    login: Login, viewer: User, database: Database, django_assert_max_num_queries: object
) -> None:
    client = login(viewer)
    for number in range(12):
        more = Database.objects.get(pk=database.pk)
        more.pk, more._state.adding, more.name = None, True, f"more-{number}"
        more.save()
        make_backup(more)
    with django_assert_max_num_queries(40):  # type: ignore[operator]  # pytest-django's fixture
        page(client)


def test_pages_are_served_under_a_strict_policy(client: Client, db: None) -> None:
    pages = client.get("/login")["Content-Security-Policy"]
    assert "script-src 'self';" in pages + ";"
    assert "unsafe" not in pages
    admin = client.get("/admin/login/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in admin
    assert "default-src 'none'" in admin


def test_a_missing_page_is_in_the_look(client: Client, db: None) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
