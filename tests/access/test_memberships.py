"""Roles are read once for each request, and never remembered beyond it."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import memberships
from access.models import Company, Membership, User
from access.services import set_membership

pytestmark = pytest.mark.django_db


def test_a_page_reads_its_persons_roles_once(viewer: User, client: Client) -> None:
    client.force_login(viewer)
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/dashboard/backup").status_code == 200
    said = [one["sql"] for one in asked.captured_queries]
    assert len([sql for sql in said if "json_object_agg(company_id, role)" in sql]) == 1
    assert not [sql for sql in said if sql.startswith('SELECT "access_membership"."company_id"')]


def test_an_api_request_asks_for_session_and_person_and_what_it_is_for(
    viewer: User, client: Client
) -> None:
    client.force_login(viewer)
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/api/v1/entries").status_code == 200
    session, person, entries = (one["sql"] for one in asked.captured_queries)
    assert "django_session" in session
    assert "access_user" in person
    assert "access_" not in entries


@pytest.mark.parametrize("ended", ["expired", "deleted"])
def test_a_session_that_has_ended_is_nobodys(viewer: User, client: Client, ended: str) -> None:
    client.force_login(viewer)
    rows = Session.objects.filter(session_key=client.session.session_key)
    rows.delete() if ended == "deleted" else rows.update(expire_date=Now())
    assert client.get("/api/v1/entries").status_code in (401, 403)


def test_who_was_deactivated_is_nobody(viewer: User, client: Client) -> None:
    client.force_login(viewer)
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert client.get("/api/v1/entries").status_code in (401, 403)


def test_the_next_request_sees_a_role_that_was_taken_away(viewer: User, client: Client) -> None:
    client.force_login(viewer)
    assert client.get("/dashboard/backup").status_code == 200
    Membership.objects.filter(user=viewer).delete()
    assert client.get("/dashboard/backup").status_code == 403


def test_nothing_is_remembered_outside_a_request(viewer: User, company: Company) -> None:
    assert viewer.may("backups.view_backup", company)
    Membership.objects.filter(user=viewer).delete()
    assert not viewer.may("backups.view_backup", company)


def test_a_role_that_is_given_counts_in_the_same_request(
    viewer: User, company: Company, superuser: User
) -> None:
    with memberships.remembered():
        assert not viewer.may("backups.add_backup", company)
        set_membership(user=viewer, company=company, role="operator", actor=superuser)
        assert viewer.may("backups.add_backup", company)
