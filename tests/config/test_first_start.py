"""What the first start makes, and that later starts leave it alone."""

import dataclasses

import pytest
from django.conf import settings
from django.test import override_settings

from access.models import AuditEntry, Company, Membership, User
from access.roles import Role
from config.first_start import prepare
from storage.models import StorageTarget

pytestmark = pytest.mark.django_db


def test_it_makes_a_company_an_administrator_and_a_place_for_bytes() -> None:
    made = prepare()
    admin = User.objects.get()
    assert made.admin_name == admin.username == settings.ENVIRONMENT.admin_name
    assert made.password is not None
    assert len(made.password) >= 16
    assert admin.check_password(made.password)
    assert admin.is_superuser
    company = Company.objects.get()
    assert Membership.objects.get(user=admin, company=company).role == Role.ADMIN
    target = StorageTarget.objects.get(company=company)
    assert target.is_default
    assert target.options["folder"] == str(settings.PLACES.vault.resolve())
    assert AuditEntry.objects.filter(action="user.created", object_id=str(admin.pk)).exists()


def test_a_second_start_changes_nothing_and_tells_no_password() -> None:
    first = prepare()
    again = prepare()
    assert again.admin_name == first.admin_name
    assert again.password is None
    assert (User.objects.count(), Company.objects.count()) == (1, 1)
    assert StorageTarget.objects.count() == 1
    assert User.objects.get().check_password(first.password or "")


def test_a_given_password_is_not_told() -> None:
    given = dataclasses.replace(settings.ENVIRONMENT, admin_password="a given pass phrase")
    with override_settings(ENVIRONMENT=given):
        assert prepare().password is None
    assert User.objects.get().check_password("a given pass phrase")


def test_the_password_is_not_in_its_representation() -> None:
    made = prepare()
    assert made.password is not None
    assert made.password not in repr(made)
