"""Logging in with a second factor: half a login opens nothing, a code opens once, guessing ends."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db.models import F
from django.test import Client

from access.models import AuditEntry, LoginSession, RecoveryCode, SecondFactor, Token, User
from access.second_factor import pending
from access.second_factor.services import MOST_FAILURES
from tests.access.second_factor.phone import give, give_phone, half, is_in
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
# The admin site's own leads to the one.
DOORS = ((302, "/login"), (302, "/login/"))


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_the_code_completes_the_login(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    client = half("vera", path="/login?next=/backups")
    assert not is_in(client)
    answer = client.post("/login/code", {"code": phone.code()})
    assert (answer.status_code, answer["Location"]) == (302, "/backups")
    assert is_in(client)
    assert actions()[-1] == "login.done"
    assert LoginSession.objects.filter(user=viewer).count() == 1


def test_who_has_none_logs_in_by_the_password(viewer: User) -> None:
    client = Client()
    answer = client.post("/login", {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/dashboard/"
    assert is_in(client)


def test_half_a_login_opens_nothing(admin: User) -> None:
    give_phone(admin)
    client = half("ada")
    for path in ("/", "/dashboard/account", "/admin/", "/login/set-up"):
        answer = client.get(path)
        where = answer["Location"].split("?")[0]
        assert (answer.status_code, where.removeprefix("/admin")) in DOORS, path
    assert client.get("/api/databases").status_code == 401
    assert client.post("/dashboard/account/tokens", {"name": "x", "days": "7"}).status_code == 302
    assert Token.objects.count() == LoginSession.objects.count() == 0
    assert "login.done" not in actions()


def test_the_admin_site_is_no_way_around(admin: User) -> None:
    give_phone(admin)
    client = Client()
    client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(("later", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(viewer: User, later: int, is_right: bool) -> None:
    phone, _codes = give_phone(viewer)
    client = half("vera")
    give(client, phone.code(later=later))
    assert is_in(client) == is_right


def test_a_code_opens_once(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    code = phone.code()
    first, second = half("vera"), half("vera")
    assert give(first, code) == 302
    answer = second.post("/login/code", {"code": code})
    assert answer.status_code == 400
    assert "used already" in answer.content.decode()
    # Nor does an older one: its step is behind.
    assert give(second, phone.code(later=-1)) == 400
    assert not is_in(second)
    assert give(second, phone.code(later=1)) == 302


def test_the_code_that_set_it_up_does_not_log_in(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    SecondFactor.objects.update(last_step=F("last_step") + 10**9)
    assert give(half("vera"), phone.code()) == 400


def test_a_recovery_code_opens_once(viewer: User) -> None:
    _phone, codes = give_phone(viewer)
    typed = f" {codes[3].upper().replace('-', ' ')} "
    assert give(half("vera"), typed) == 302
    assert give(half("vera"), codes[3]) == 400
    assert give(half("vera"), codes[4]) == 302
    used = AuditEntry.objects.filter(action="second_factor.recovery_used").order_by("id")
    assert [entry.changes for entry in used] == [{"left": 9}, {"left": 8}]


def test_another_persons_codes_open_nothing(viewer: User, operator: User) -> None:
    _phone, codes = give_phone(operator)
    give_phone(viewer)
    client = half("vera")
    assert give(client, codes[0]) == 400
    assert RecoveryCode.objects.filter(user=operator).count() == 10


def test_guessing_is_locked_out_with_the_password(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    client = half("vera")
    for _ in range(4):
        assert give(client, phone.wrong()) == 400
    assert give(client, phone.wrong()) == 429
    # Not the right one either, in this session or in another.
    assert give(client, phone.code()) == 429
    assert Client(REMOTE_ADDR="192.0.2.1").post(
        "/login", {"username": "vera", "password": PASSWORD}
    ).status_code == 429  # fmt: skip
    assert actions().count("second_factor.failed") == 5
    assert actions().count("login.locked_out") == 1
    assert phone.wrong() not in str(AccessAttempt.objects.values_list("post_data"))
    # From elsewhere the person is not locked out.
    assert give(half("vera", "192.0.2.2"), phone.code()) == 302


def test_the_right_password_between_washes_no_guess_away(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    for _ in range(4):
        assert give(half("vera"), phone.wrong()) == 400
    client = half("vera")
    give(client, phone.wrong())
    assert give(client, phone.code()) == 429


def test_guessing_ends_for_an_account_from_however_many_addresses(viewer: User) -> None:
    phone, codes = give_phone(viewer)
    SecondFactor.objects.update(failures=MOST_FAILURES - 1)
    assert give(half("vera"), phone.wrong()) == 400
    answer = half("vera", "192.0.2.9").post("/login/code", {"code": phone.code()})
    assert answer.status_code == 400
    assert "use a recovery code" in answer.content.decode()
    assert give(half("vera", "192.0.2.9"), codes[0]) == 302
    assert give(half("vera", "192.0.2.9"), phone.code()) == 302


def test_a_lost_key_file_leaves_the_recovery_codes(viewer: User) -> None:
    phone, codes = give_phone(viewer)
    SecondFactor.objects.update(key_sealed="k00000000:AAAA")
    answer = half("vera").post("/login/code", {"code": phone.code()})
    assert "use a recovery code" in answer.content.decode()
    assert give(half("vera"), codes[0]) == 302


def test_a_sealed_key_does_not_fit_another_row(viewer: User, operator: User) -> None:
    phone, _codes = give_phone(operator)
    give_phone(viewer)
    stolen = SecondFactor.objects.get(user=operator).key_sealed
    assert phone.key not in stolen
    SecondFactor.objects.filter(user=viewer).update(key_sealed=stolen)
    assert give(half("vera"), phone.code()) == 400


def edit(client: Client, **changes: Any) -> None:
    session = client.session
    session[pending.SESSION_KEY] = {**session[pending.SESSION_KEY], **changes}
    session.save()


@pytest.mark.parametrize("by", [timedelta(minutes=5), -timedelta(hours=1)])
def test_half_a_login_ends_after_five_minutes(viewer: User, by: timedelta) -> None:
    """Also when the clock is set back."""
    phone, _codes = give_phone(viewer)
    client = half("vera")
    began = client.session[pending.SESSION_KEY]["at"]
    edit(client, at=began - int(by.total_seconds()))
    assert client.get("/login/code")["Location"] == "/login"
    assert give(client, phone.code()) == 302
    assert not is_in(client)


def test_half_a_login_ends_with_the_password(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    client = half("vera")
    viewer.set_password("a quite new passphrase")
    viewer.save()
    give(client, phone.code())
    assert not is_in(client)


def test_half_a_login_ends_with_the_account(viewer: User) -> None:
    phone, _codes = give_phone(viewer)
    client = half("vera")
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    give(client, phone.code())
    assert not is_in(client)


@pytest.mark.parametrize("code", ["", "x" * 61, "١٢٣٤٥٦", "12345\0", "----", "999999999999"])
def test_what_is_no_code_is_refused(viewer: User, code: str) -> None:
    give_phone(viewer)
    assert give(half("vera"), code) == 400


# Required
