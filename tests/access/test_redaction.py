"""What is removed from lines before they are written."""

import pytest

from access.redaction import MASK, redact

SECRET = "hunter2"

HIDDEN = [
    "postgres://otto:hunter2@db/orders",
    "postgres://otto:p@hunter2@db/orders",
    "postgres://otto:p/hunter2@db:5432/orders?x=1",
    "postgresql://:hunter2@db/orders",
    "redis://default:hunter2@[::1]:6379/0",
    "https://otto:hunter2@example.com and https://otto:hunter2@example.org",
    "host=db password=hunter2 user=otto",
    "host=db password='hunter2' user=otto",
    "host=db password = 'a b hunter2'",
    r"host=db password='it\'s hunter2' user=otto",
    "host=db password=a,hunter2 user=otto",
    "host=db password=a;hunter2 user=otto",
    "PASSWORD=hunter2",
    "PGPASSWORD=hunter2 pg_dump",
    "DB_PASSWORD=hunter2",
    "db_password: hunter2",
    "passwd: hunter2",
    'the "password": "hunter2", and more',
    '{"password":"a\\"hunter2"}',
    "{'api_key': 'hunter2'}",
    "api-key: hunter2",
    "aws_secret_access_key=hunter2",
    "secret=hunter2",
    "sslpassword=hunter2",
    "passphrase=hunter2",
    "token: hunter2",
    "https://example.com/?token=hunter2&x=1",
    "Authorization: Bearer hunter2.hunter2",
    "authorization: basic aHVudGVyMg-hunter2",
    "AGE-SECRET-KEY-1HUNTER2",
    "ACCESSKEY=hunter2",
    # A Kelvin sign, which a pattern that knows no case takes for a K.
    "api_\u212aey: hunter2",
]


@pytest.mark.parametrize("line", HIDDEN)
def test_secrets_are_hidden(line: str) -> None:
    hidden = redact(line)
    assert SECRET not in hidden.lower()
    assert MASK in hidden


@pytest.mark.parametrize(
    "line",
    [
        "",
        "pg_dump: error: permission denied for table orders",
        "connection to server at 127.0.0.1, port 5432 failed",
        "postgresql://db/orders",
        "postgres://otto@db/orders",
        'FATAL: password authentication failed for user "otto"',
        "The token of till is not shown again",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        "mail to otto@example.com at 10:30",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


def test_what_stands_around_a_secret_stays() -> None:
    assert redact("postgres://otto:x@db:5432/orders") == f"postgres://otto:{MASK}@db:5432/orders"
    assert redact("a host=db password=x user=otto z") == f"a host=db password={MASK} user=otto z"


def test_a_token_of_ours_is_hidden_anywhere() -> None:
    assert redact("see hf_0123456789abcdef0123456789 there") == f"see {MASK} there"


def test_given_secrets_are_hidden_wherever_they_stand() -> None:
    assert redact("login as otto with hunter2!", secrets=["hunter2", ""]) == (
        f"login as otto with {MASK}!"
    )
