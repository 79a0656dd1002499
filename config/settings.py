"""Django's settings, from the environment (`config.env`) and the places (`config.places`)."""

import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

from access.keyfiles import read_or_make
from config.admin_look import UNFOLD as UNFOLD
from config.embedded.folders import make_data_folder
from config.env import database_settings, email_settings, read_environment
from config.logs import logging_settings
from config.openapi.settings import SPECTACULAR
from config.places import PROJECT, find_places

ENVIRONMENT = read_environment()
PLACES = find_places(ENVIRONMENT.data_dir)
make_data_folder(PLACES)
BASE_DIR = PROJECT
VERSION = "0.1.0"

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key or read_or_make(
    PLACES.keys / "django-secret.key", lambda: secrets.token_urlsafe(64)
)
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.trusted_origins

INSTALLED_APPS = [
    "unfold",
    # Its modules are found by `config.urls`: a worker or a runner needs none of them.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "channels",
    "django_q",
    "django_structlog",
    "axes",
    "access",
    "look",
    "storage",
    "monitoring",
    "backups",
    "uploads",
    "restores",
    "controlplane",
    "dashboard",
    "config",
]

MIDDLEWARE = [
    "access.request.AddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.csp.PolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "access.sessions.SeenMiddleware",
    "access.routes.LoginByDefaultMiddleware",
    "access.request.LogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it turns the answer to a login into the one that says "locked out".
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.frame",
            ]
        },
    }
]


def _databases() -> dict[str, Any]:
    if ENVIRONMENT.database_url:
        found = database_settings(ENVIRONMENT.database_url)
    else:
        found = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "holdfast",
            "USER": "holdfast",
            "HOST": str(PLACES.sockets),
            "PORT": "5432",
        }
    # Only the web server pools: it does not fork. A pool inherited by the forks of a queue
    # cluster mixes their answers up on one connection.
    if ENVIRONMENT.database_pool:
        size = ENVIRONMENT.database_pool
        found["OPTIONS"] = {"pool": {"min_size": 1, "max_size": size, "timeout": 10}}
    return {"default": found}


# Into which agents' machines put files (monitoring.expected.deposits); nothing is read without it.
DEPOSITS_DIR = Path(ENVIRONMENT.deposits_dir).expanduser() if ENVIRONMENT.deposits_dir else None

DATABASES = _databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENVIRONMENT.redis_url or f"unix://{PLACES.sockets}/redis.sock"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["access.backend.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Only to read what came from elsewhere; it is hashed anew at the next login.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
]
# See access.lockout: what is counted and how much is too much.
AXES_HANDLER = "access.lockout.LockoutHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# Else who keeps guessing keeps the person out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "access.lockout.peer"
AXES_LOCKOUT_CALLABLE = "access.lockout.answer_locked_out"
# Of what a failed form held nothing secret is kept: it may be right but for a letter.
_SECRET_FIELDS = ["answer", "code", "old_password", "new_password1", "new_password2"]
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", *_SECRET_FIELDS]
AXES_ENABLE_ADMIN = False
# Logins are in the audit.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

DOCS_PUBLIC = ENVIRONMENT.docs_public
REQUIRE_SECOND_FACTOR = ENVIRONMENT.require_second_factor

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard:overview"
LOGOUT_REDIRECT_URL = "login"

SESSION_ENGINE = "access.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.secure_cookies
SECURE_REFERRER_POLICY = "same-origin"
# With secure cookies the installation is reached by https alone: so say all of it.
SECURE_SSL_REDIRECT = ENVIRONMENT.secure_cookies
SECURE_REDIRECT_EXEMPT = [r"^api/health"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENVIRONMENT.secure_cookies else 0
# Subdomains and the browsers' preload list are the domain owner's to decide, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "access.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["config.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.rendering.JSONParser"],
    "EXCEPTION_HANDLER": "config.problems.answer_problem",
    "DEFAULT_THROTTLE_CLASSES": ["access.throttling.Limits"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.schema.Call",
}
API_LIMITS = ENVIRONMENT.api_limits  # requests a minute; 0: no limit
LIVE_LIMITS = ENVIRONMENT.live_limits  # connections at once; 0: no limit
SPECTACULAR_SETTINGS = SPECTACULAR
# Other sites' pages may call the API only when they are named; never with a cookie.
CORS_ALLOWED_ORIGINS = ENVIRONMENT.cors_origins
CORS_URLS_REGEX = r"^/(api|downloads|upload)/"
CORS_ALLOW_HEADERS = (
    *("authorization", "content-type", "content-range", "idempotency-key", "range"),
    *("tus-resumable", "upload-length", "upload-offset", "upload-metadata", "upload-checksum"),
    # What tus clients send by their options; what is not spoken here is refused with its reason.
    *("upload-defer-length", "upload-concat", "x-http-method-override"),
    *("x-request-id", "x-requested-with"),
)
CORS_EXPOSE_HEADERS = (
    *("Location", "Retry-After", "WWW-Authenticate"),
    *("Accept-Ranges", "Content-Range", "Content-Disposition", "ETag"),
    *("X-Checksum-SHA256", "Repr-Digest", "Idempotent-Replayed"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm"),
    *("Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Expires"),
)
KNOX_TOKEN_MODEL = "access.Token"  # noqa: S105
# Its own table is replaced by ours, but its migrations would make it all the same; then a
# test database cannot be emptied, for that table points at the users.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "TOKEN_MODEL": "access.Token",
    "TOKEN_PREFIX": "hf_",
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": None,
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
}

# Two clusters: short work, and long work that no timer may end (stall detection does).
# `retry` counts from dequeue, so one task at a time is taken; the row is the truth and a
# task delivered twice does nothing (see backups.services.run_backup).
Q_CLUSTER: dict[str, Any] = {
    "name": "short",
    "orm": "default",
    "broker_class": "monitoring.queue.broker.DatabaseClockBroker",
    "workers": ENVIRONMENT.short_workers,
    "bulk": 1,
    "queue_limit": 1,
    "max_attempts": 1,
    "ack_failures": True,
    "timeout": 120,
    "retry": 180,
    "poll": 0.2,
    "save_limit": 1000,
    "catch_up": False,
    "scheduler": False,
    "label": "Queue",
    "ALT_CLUSTERS": {
        "long": {
            "workers": ENVIRONMENT.long_workers,
            # 68 years: django-q warns of none at all.
            "timeout": 2**31 - 2,
            "retry": 2**31 - 1,
            "bulk": 1,
            "queue_limit": 1,
            "max_attempts": 1,
            "ack_failures": True,
            "poll": 0.2,
            "scheduler": False,
        }
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone

STATIC_URL = "static/"
STATICFILES_DIRS: list[Path] = [BASE_DIR / "static"]

globals().update(email_settings(ENVIRONMENT.email_url))
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from or f"Holdfast <holdfast@{socket.gethostname()}>"
# Where people reach the pages: what messages lead to.
PUBLIC_URL = ENVIRONMENT.public_url or f"http://{ENVIRONMENT.host}:{ENVIRONMENT.port}"

LOGGING = logging_settings(level=ENVIRONMENT.log_level)
LOGGING_CONFIG = "logging.config.dictConfig"
