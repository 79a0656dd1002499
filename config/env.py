"""The environment, read once and typed. Every variable of the product is read here.

All mistakes are told at once, each with the variable's name (`.env.example` lists them).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from environs import Env, ValidationError, validate
from environs.exceptions import EnvValidationError

from config.env_mail import mail_address, mail_sender
from config.places import PROJECT


class SettingsError(Exception):
    """The environment cannot be used as it is; the message says what to set."""


@dataclass(frozen=True)
class Environment:
    debug: bool
    secret_key: str | None
    data_dir: str | None
    drill_dir: str | None
    database_url: str | None
    database_pool: int
    redis_url: str | None
    host: str
    port: int
    allowed_hosts: list[str]
    trusted_origins: list[str]
    cors_origins: list[str]
    api_limits: dict[str, int]
    live_limits: dict[str, int]
    secure_cookies: bool
    require_second_factor: str
    docs_public: bool
    time_zone: str
    log_level: str
    short_workers: int
    long_workers: int
    admin_name: str
    admin_password: str | None
    sample: bool
    company: str
    postgres_folders: list[str]
    recovery_recipient: str | None
    own_storage: str | None
    disk_reserve_mb: int
    recheck_days: int
    recheck_mb_a_second: int
    orphan_days: int
    storage_inner_hosts: bool
    tracking_days: int
    upload_most_mb: int
    uploads_open: int
    uploads_day_mb: int
    uploads_kept_hours: int
    recordings_days: int
    restore_roots: list[str]
    deposits_dir: str | None
    email_url: str | None
    email_from: str | None
    public_url: str | None
    alert_inner_hosts: bool
    agent_silent_hours: int
    dead_man_url: str | None


def read_environment(*, env_file: bool = True) -> Environment:
    """Read the process environment and, below it, the file ``.env`` of the clone.

    Raises SettingsError naming every variable that cannot be used.
    """
    env = Env(eager=False)
    if env_file:
        env.read_env(str(PROJECT / ".env"), recurse=False)
    found = Environment(
        debug=env.bool("HOLDFAST_DEBUG", False),
        secret_key=env.str("HOLDFAST_SECRET_KEY", None),
        data_dir=env.str("HOLDFAST_DATA_DIR", None),
        drill_dir=env.str("HOLDFAST_DRILL_DIR", None),
        database_url=env.str("DATABASE_URL", None),
        database_pool=env.int("HOLDFAST_DATABASE_POOL", 0, validate=validate.Range(0, 100)),
        redis_url=env.str("REDIS_URL", None),
        host=env.str("HOLDFAST_HOST", "127.0.0.1"),
        port=env.int("PORT", 8000, validate=validate.Range(1, 65535)),
        allowed_hosts=env.list("HOLDFAST_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"]),
        trusted_origins=env.list("HOLDFAST_TRUSTED_ORIGINS", []),
        cors_origins=_origins(env, "HOLDFAST_CORS_ORIGINS") or _origins(env, "CORS_ORIGINS"),
        api_limits={
            "user": env.int("HOLDFAST_API_PER_USER", 1200, validate=validate.Range(0)),
            "token": env.int("HOLDFAST_API_PER_TOKEN", 1200, validate=validate.Range(0)),
            "address": env.int("HOLDFAST_API_PER_ADDRESS", 6000, validate=validate.Range(0)),
            "backup_create": env.int("HOLDFAST_API_CREATES", 30, validate=validate.Range(0)),
        },
        live_limits={
            "user": env.int("HOLDFAST_LIVE_PER_USER", 100, validate=validate.Range(0)),
            "address": env.int("HOLDFAST_LIVE_PER_ADDRESS", 1000, validate=validate.Range(0)),
        },
        secure_cookies=env.bool("HOLDFAST_SECURE_COOKIES", False),
        require_second_factor=env.str(
            "HOLDFAST_REQUIRE_SECOND_FACTOR",
            "nobody",
            validate=validate.OneOf(["nobody", "admins", "everyone"]),
        ),
        docs_public=env.bool("HOLDFAST_DOCS_PUBLIC", False),
        time_zone=env.str("HOLDFAST_TIME_ZONE", "UTC"),
        log_level=env.str(
            "HOLDFAST_LOG_LEVEL",
            "INFO",
            validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]),
        ),
        short_workers=env.int("HOLDFAST_SHORT_WORKERS", 1, validate=validate.Range(1, 64)),
        long_workers=env.int("HOLDFAST_LONG_WORKERS", 2, validate=validate.Range(1, 64)),
        admin_name=env.str("HOLDFAST_ADMIN_NAME", "admin"),
        admin_password=env.str("HOLDFAST_ADMIN_PASSWORD", None),
        sample=env.bool("HOLDFAST_SAMPLE", True),
        company=env.str("HOLDFAST_COMPANY", "Home"),
        postgres_folders=env.list("HOLDFAST_POSTGRES_FOLDERS", []),
        recovery_recipient=env.str("HOLDFAST_RECOVERY_RECIPIENT", None),
        own_storage=env.str("HOLDFAST_OWN_STORAGE", None),
        disk_reserve_mb=env.int("HOLDFAST_DISK_RESERVE_MB", 256, validate=validate.Range(0)),
        recheck_days=env.int("HOLDFAST_RECHECK_DAYS", 30, validate=validate.Range(0, 3650)),
        recheck_mb_a_second=env.int("HOLDFAST_RECHECK_MB_A_SECOND", 32, validate=validate.Range(1)),
        orphan_days=env.int("HOLDFAST_ORPHAN_DAYS", 7, validate=validate.Range(1, 3650)),
        storage_inner_hosts=env.bool("HOLDFAST_STORAGE_INNER_HOSTS", False),
        tracking_days=env.int("HOLDFAST_TRACKING_DAYS", 90, validate=validate.Range(2, 3650)),
        upload_most_mb=env.int("HOLDFAST_UPLOAD_MOST_MB", 10240, validate=validate.Range(1)),
        uploads_open=env.int("HOLDFAST_UPLOADS_OPEN", 50, validate=validate.Range(1)),
        uploads_day_mb=env.int("HOLDFAST_UPLOADS_DAY_MB", 0, validate=validate.Range(0)),
        uploads_kept_hours=env.int("HOLDFAST_UPLOADS_KEPT_HOURS", 24, validate=validate.Range(1)),
        recordings_days=env.int("HOLDFAST_RECORDINGS_DAYS", 0, validate=validate.Range(0, 36500)),
        restore_roots=env.list("HOLDFAST_RESTORE_ROOTS", []),
        deposits_dir=env.str("HOLDFAST_DEPOSITS_DIR", None),
        email_url=mail_address(env),
        email_from=mail_sender(env),
        public_url=env.str("HOLDFAST_PUBLIC_URL", None, validate=_web_address),
        alert_inner_hosts=env.bool("HOLDFAST_ALERT_INNER_HOSTS", False),
        agent_silent_hours=env.int(
            "HOLDFAST_AGENT_SILENT_HOURS", 48, validate=validate.Range(0, 87_600)
        ),
        dead_man_url=env.str("HOLDFAST_DEAD_MAN_URL", None, validate=_web_address),
    )
    try:
        env.seal()
    except EnvValidationError as error:
        raise SettingsError(_explain(error.error_messages)) from error
    return found


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings for ``DATABASE_URL``. Raises SettingsError when it is not PostgreSQL."""
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise SettingsError("DATABASE_URL cannot be read; use postgres://USER@HOST/NAME") from error
    if parsed.get("ENGINE") != "django.db.backends.postgresql":
        raise SettingsError(
            "DATABASE_URL must name a PostgreSQL database: postgres://USER@HOST/NAME"
        )
    return parsed


def email_settings(url: str | None) -> dict[str, Any]:
    """Django's EMAIL_* settings for ``smtp://USER:PASSWORD@HOST:PORT`` (``smtps``: TLS at once,
    ``smtp+tls``: STARTTLS). Raises SettingsError."""
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps", "smtp+tls") or not parts.hostname:
        raise SettingsError("HOLDFAST_EMAIL_URL must look like smtp+tls://USER:PASSWORD@HOST:587")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 10,
    }


def _origins(env: Env, name: str) -> list[str]:
    found: list[str] = env.list(name, [], validate=_each_web_address)
    return found


def _each_web_address(origins: list[str]) -> None:
    """So `*` is none: who may call with somebody's token is named."""
    for origin in origins:
        _web_address(origin)


def _web_address(text: str | None) -> None:
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname):
        raise ValidationError("must begin with https:// or http://")


def _explain(messages: Any) -> str:
    lines = [f"  {name}: {' '.join(map(str, said))}" for name, said in dict(messages).items()]
    return "The environment has settings that cannot be used:\n" + "\n".join(lines)
