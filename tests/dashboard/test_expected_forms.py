"""The forms of expected backups: made, changed, paused, removed, imported and exported."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from access.models import AuditEntry, Company, Membership, User
from backups.models import Database
from monitoring.alerts.models import Alert
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.attention import acknowledge_job
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.telling import tell_changes
from tests.cast import Login
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db
NEW = "/dashboard/expected/new"
IMPORT = "/dashboard/expected/import"
FILLED: dict[str, Any] = {
    **{"company_name": "Acme", "city": "Porto", "database_name": "orders"},
    **{"agent_id_responsible": "till", "backup_frequency": "daily", "at": "03:30"},
    **{"timezone": "UTC", "grace_minutes": "90", "early_minutes": "60", "size_history": "7"},
}


@pytest.fixture
def job(company: Company) -> ExpectedBackupJob:
    return expect(company, city="Porto", backup_frequency="daily", expected_hour_utc=3)


def again(job: ExpectedBackupJob) -> ExpectedBackupJob:
    return ExpectedBackupJob.objects.get(pk=job.pk)


def filled_of(client: Client, path: str) -> dict[str, Any]:
    """What the browser would send of the form as it is shown."""
    form = client.get(path).context["form"]
    values = {name: form[name].value() for name in form.fields}
    shown = {name: form[name].field.prepare_value(value) for name, value in values.items()}
    words = {
        name: f"{one:%H:%M}" if hasattr(one, "minute") and not hasattr(one, "year") else one
        for name, one in shown.items()
    }
    return {name: one for name, one in words.items() if one or (one == 0 and one is not False)}


class TestNew:
    def test_as_it_was_filled_in(self, admin: User, login: Login, database: Database) -> None:
        more = {
            "notification_recipients": "a@example.com\r\nb@example.com",
            "require_content_check": "on",
            "database": str(database.pk),
        }
        answer = login(admin).post(NEW, {**FILLED, **more})
        job = ExpectedBackupJob.objects.get()
        assert answer["Location"] == f"/dashboard/expected/{job.pk}"
        assert (job.expected_hour_utc, job.expected_minute_utc, job.local_time) == (3, 30, None)
        assert (job.grace_minutes, job.require_content_check) == (90, True)
        assert job.notification_recipients == ["a@example.com", "b@example.com"]
        assert Database.objects.get().expected_job == job

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (
                {"timezone": "Europe/Lisbon"},
                {"timezone": "Europe/Lisbon"},
            ),
            (
                {"backup_frequency": "hourly"},
                {"expected_hour_utc": None},
            ),
            ({"backup_frequency": "weekly", "days_of_week": ["0", "4"]}, {"days_of_week": [0, 4]}),
            ({"backup_frequency": "monthly", "day_of_month": "31"}, {"day_of_month": 31}),
            (
                {"backup_frequency": "custom", "cron": "0 4 * * 1", "day_of_month": "3"},
                {"cron": "0 4 * * 1", "expected_hour_utc": None, "day_of_month": None},
            ),
        ],
    )
    def test_each_frequency(
        self, change: dict[str, Any], found: dict[str, Any], admin: User, login: Login
    ) -> None:
        assert login(admin).post(NEW, {**FILLED, **change}).status_code == 302
        job = ExpectedBackupJob.objects.get()
        assert {name: getattr(job, name) for name in found} == found

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"at": ""}, "at"),
            ({"timezone": "Mars/Olympus"}, "timezone"),
            ({"backup_frequency": "weekly"}, "days_of_week"),
            ({"backup_frequency": "monthly"}, "day_of_month"),
            ({"backup_frequency": "custom", "cron": "0 25 * * *"}, "cron"),
            ({"agent_id_responsible": "a b"}, "agent_id_responsible"),
            ({"company_name": "Elsewhere"}, "company_name"),
            ({"city": ""}, "city"),
            ({"grace_minutes": "-1"}, "grace_minutes"),
            ({"notification_recipients": "nobody"}, "notification_recipients"),
            ({"final_storage_path_template": "../{ext}"}, "final_storage_path_template"),
            ({"database": "5f0e8a1e-0000-4000-8000-000000000000"}, "database"),
            ({"min_size_bytes": "1,500 MB"}, "min_size_bytes"),
        ],
    )
    @pytest.mark.usefixtures("stranger", "database")
    def test_a_mistake_stands_beside_its_field(
        self,
        change: dict[str, Any],
        field: str,
        admin: User,
        login: Login,
    ) -> None:
        answer = login(admin).post(NEW, {**FILLED, "database_name": "kept as typed", **change})
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
        assert "kept as typed" in answer.content.decode()
        assert f'id="id_{field}_error"' in answer.content.decode()
        assert not ExpectedBackupJob.objects.exists()

    def test_a_link_that_cannot_be_leaves_no_job(
        self, superuser: User, login: Login, database: Database
    ) -> None:
        said = {**FILLED, "company_name": "New Ltd", "database": str(database.pk)}
        answer = login(superuser).post(NEW, said)
        assert list(answer.context["form"].errors) == ["database"]
        assert not ExpectedBackupJob.objects.exists()
        assert not Company.objects.filter(name="New Ltd").exists()

    def test_the_next_times_while_it_is_typed(self, admin: User, login: Login) -> None:
        path = "/dashboard/expected/preview"
        said = login(admin).get(path, {**FILLED, "timezone": "Europe/Lisbon"}).content.decode()
        assert said.count("<li>") == 5
        assert "03:30 WET" in said or "03:30 WEST" in said
        assert (
            "no such time zone"
            in login(admin).get(path, {**FILLED, "timezone": "x"}).content.decode()
        )


class TestChange:
    def test_only_what_was_changed(self, admin: User, login: Login, job: ExpectedBackupJob) -> None:
        client, path = login(admin), f"/dashboard/expected/{job.pk}/edit"
        same = filled_of(client, path)
        assert client.post(path, same).status_code == 302
        assert not AuditEntry.objects.filter(action="expected.changed").exists()
        assert again(job).watermark == job.watermark
        assert client.post(path, {**same, "grace_minutes": "5"}).status_code == 302
        [entry] = AuditEntry.objects.filter(action="expected.changed")
        assert (entry.changes["after"], again(job).grace_minutes) == ({"grace_minutes": 5}, 5)

    def test_a_size_is_typed_as_people_say_it(
        self, admin: User, login: Login, job: ExpectedBackupJob
    ) -> None:
        client, path = login(admin), f"/dashboard/expected/{job.pk}/edit"
        assert client.post(path, {**filled_of(client, path), "min_size_bytes": "1.5 GiB"})
        assert again(job).min_size_bytes == 1_610_612_736
        page = client.get(path).content.decode()
        assert 'value="1.5 GiB"' in page
        assert "1.61 GB: 1,610,612,736 bytes" in page
        assert client.post(path, filled_of(client, path)).status_code == 302
        assert AuditEntry.objects.filter(action="expected.changed").count() == 1
        said = client.get("/dashboard/expected/preview", {**FILLED, "min_size_bytes": "500 MB"})
        assert "500,000,000 bytes" in said.content.decode()

    def test_it_is_moved_by_who_administers_both_companies(
        self, admin: User, login: Login, job: ExpectedBackupJob, database: Database
    ) -> None:
        client, path = login(admin), f"/dashboard/expected/{job.pk}/edit"
        moved = {**filled_of(client, path), "company_name": "Elsewhere"}
        record_entry(job_id=job.pk, arrival=Arrival("FAILED", "report"))
        tell_changes()
        acknowledge_job(job=again(job), actor=admin)
        client.post(path, moved)
        assert again(job).company.name == "Acme"
        other = Company.objects.create(name="Elsewhere")
        Membership.objects.create(user=admin, company=other, role="operator")
        assert "company_name" not in client.get(path).context["form"].fields
        Membership.objects.filter(company=other).update(role="admin")
        Database.objects.update(expected_job=job)
        answer = client.post(path, {**moved, "database": str(database.pk)})
        assert list(answer.context["form"].errors) == ["database"]
        assert again(job).company.name == "Acme"
        assert client.post(path, moved).status_code == 302
        assert (again(job).company, job.entries.get().company) == (other, other)
        assert Database.objects.get().expected_job is None
        # Who heard of its trouble hears that it is over, and they over there of it.
        tell_changes()
        [told] = Alert.objects.open()
        assert (told.company, told.acknowledged_at, again(job).acknowledged_at) == (
            other,
            None,
            None,
        )

    def test_it_is_linked_to_another_database_and_to_none(
        self, admin: User, login: Login, job: ExpectedBackupJob, database: Database
    ) -> None:
        client, path = login(admin), f"/dashboard/expected/{job.pk}/edit"
        same = filled_of(client, path)
        client.post(path, {**same, "database": str(database.pk)})
        assert Database.objects.get().expected_job == job
        client.post(path, same)
        assert Database.objects.get().expected_job is None

    def test_it_is_paused_resumed_and_its_address_rotated(
        self, admin: User, operator: User, login: Login, job: ExpectedBackupJob
    ) -> None:
        path = f"/dashboard/expected/{job.pk}/act"
        for act in ("pause", "rotate"):
            assert login(operator).post(path, {"act": act}).status_code == 403
        login(admin).post(path, {"act": "pause"})
        assert again(job).is_active is False
        login(admin).post(path, {"act": "resume"})
        assert again(job).is_active is True
        login(admin).post(path, {"act": "rotate"})
        assert again(job).ping_key != job.ping_key
        assert Client().get(f"/ping/{job.ping_key}").status_code == 404

    def test_removing_asks_first(
        self, admin: User, operator: User, login: Login, job: ExpectedBackupJob
    ) -> None:
        path = f"/dashboard/expected/{job.pk}/delete"
        record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping"))
        assert login(operator).post(path).status_code == 403
        assert "its 1 entry is forgotten" in login(admin).get(path).content.decode()
        assert ExpectedBackupJob.objects.exists()
        assert login(admin).post(path).status_code == 302
        assert not ExpectedBackupJob.objects.exists()


class TestLists:
    GOOD = (
        "company_name,city,database_name,agent_id_responsible,backup_frequency,"
        "expected_hour_utc,expected_minute_utc\nAcme,Faro,crm,till-faro,daily,4,30\n"
    )

    def test_tried_then_taken(self, admin: User, login: Login) -> None:
        client = login(admin)
        file = SimpleUploadedFile("jobs.csv", self.GOOD.encode())
        answer = client.post(IMPORT, {"file": file, "intent": "try"})
        assert "1 created, 0 changed" in answer.content.decode()
        assert not ExpectedBackupJob.objects.exists()
        text = answer.context["form"]["text"].value()
        answer = client.post(IMPORT, {"text": text.replace("\n", "\r\n"), "intent": "take"})
        assert (answer.status_code, ExpectedBackupJob.objects.get().city) == (302, "Faro")

    def test_mistakes_are_named_by_line(self, admin: User, operator: User, login: Login) -> None:
        bad = self.GOOD + "Acme,Faro,crm,till-faro,daily,25,30\n"
        answer = login(admin).post(IMPORT, {"text": bad, "intent": "take"})
        assert (answer.status_code, [one["line"] for one in answer.context["lines"]]) == (400, [3])
        assert "daily,25,30" in answer.content.decode()
        assert not ExpectedBackupJob.objects.exists()
        assert login(operator).post(IMPORT, {"text": self.GOOD}).status_code == 403

    @pytest.mark.parametrize("text", ["", "[1", "a,b\n1,2", "[1]", "{}"])
    def test_what_is_no_list(self, text: str, admin: User, login: Login) -> None:
        assert login(admin).post(IMPORT, {"text": text, "intent": "take"}).status_code == 400

    def test_the_export_is_what_the_board_shows(
        self, viewer: User, login: Login, company: Company
    ) -> None:
        for city in ("Porto", "Faro"):
            expect(company, city=city)
        answer = login(viewer).get("/dashboard/expected/export?as=csv&search=far")
        assert "attachment" in answer["Content-Disposition"]
        assert answer.content.decode().count("Acme") == 1
        assert len(login(viewer).get("/dashboard/expected/export?as=json").json()) == 2
        assert login(viewer).get("/dashboard/expected/export?as=x").status_code == 400


def test_the_board_leads_there(viewer: User, admin: User, login: Login, company: Company) -> None:
    for count in (0, 1):
        assert ExpectedBackupJob.objects.count() == count
        said = login(admin).get("/dashboard/expected").content.decode()
        assert f'href="{NEW}"' in said
        assert f'href="{IMPORT}"' in said
        assert f'href="{NEW}"' not in login(viewer).get("/dashboard/expected").content.decode()
        expect(company)
