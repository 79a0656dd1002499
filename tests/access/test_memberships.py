"""Roles are read once for each request, and never remembered beyond it."""

import pytest
from django.db import connection
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
    read = 'SELECT "access_membership"."company_id" AS "company_id", "access_membership"."role"'
    assert len([one for one in asked.captured_queries if one["sql"].startswith(read)]) == 1


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
