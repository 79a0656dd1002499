"""What the environment says of mail and of other sites; and what of it cannot be used."""

import pytest

from config.env import SettingsError, email_settings, read_environment


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, None),
        ({"SMTP_HOST": "mail.example"}, "smtp://mail.example:25"),
        ({"SMTP_HOST": "mail.example", "SMTP_PORT": "587"}, "smtp+tls://mail.example:587"),
        ({"SMTP_HOST": "mail.example", "SMTP_TLS": "tls"}, "smtps://mail.example:465"),
        (
            {"SMTP_HOST": "fd00::1", "SMTP_PORT": "25", "SMTP_USER": "a@b", "SMTP_PASSWORD": "p:/"},
            "smtp://a%40b:p%3A%2F@[fd00::1]:25",
        ),
        ({"SMTP_HOST": "x", "HOLDFAST_EMAIL_URL": "smtps://y"}, "smtps://y"),
        ({"SMTP_PORT": "587"}, None),
    ],
)
def test_a_mail_server_in_one_address_or_in_parts(
    given: dict[str, str], url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = read_environment(env_file=False).email_url
    assert found == url
    settings = email_settings(found)
    if "SMTP_PASSWORD" in given:
        assert (settings["EMAIL_HOST"], settings["EMAIL_HOST_USER"]) == ("fd00::1", "a@b")
        assert settings["EMAIL_HOST_PASSWORD"] == given["SMTP_PASSWORD"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_TLS", "yes"),
        ("SMTP_PORT", "0"),
        ("HOLDFAST_PUBLIC_URL", "x.example"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "a.example"),
    ],
)
def test_what_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_environment(env_file=False)


def test_other_sites_under_either_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example,https://b.example")
    assert read_environment(env_file=False).cors_origins == [
        "https://a.example",
        "https://b.example",
    ]
    monkeypatch.setenv("HOLDFAST_CORS_ORIGINS", "https://c.example")
    assert read_environment(env_file=False).cors_origins == ["https://c.example"]
