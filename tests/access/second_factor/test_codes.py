"""The codes themselves: those of the standard, and what a phone is given."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from access.second_factor import codes

# RFC 6238, appendix B, for SHA-1; of its eight digits the last six.
STANDARD = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
KEY = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(("moment", "code"), STANDARD)
def test_they_are_those_of_the_standard(moment: int, code: str) -> None:
    assert codes.step_of(KEY, code, moment) == moment // 30
    assert codes.step_of(KEY, code, moment + 30) == moment // 30
    assert codes.step_of(KEY, code, moment + 60) is None


def test_a_phone_gets_the_key_and_what_to_call_it() -> None:
    key = codes.new_key()
    uri = urlsplit(codes.key_uri(key, name="vera & co:x", place="backups.example:8000"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Holdfast backups.example-8000:vera & co-x"
    assert parse_qs(uri.query) == {"secret": [key], "issuer": ["Holdfast backups.example-8000"]}


def test_recovery_codes_are_long_and_told_apart_by_person() -> None:
    made = {codes.new_recovery_code() for _ in range(200)}
    assert len(made) == 200
    assert all(set(codes.plain(one)) <= set(codes.LETTERS) for one in made)
    assert all(len(codes.plain(one)) == 16 for one in made)
    one = made.pop()
    assert codes.recovery_digest(1, one) == codes.recovery_digest(1, f" {one.upper()} ")
    assert codes.recovery_digest(1, one) != codes.recovery_digest(2, one)
