"""What drf-spectacular is told. Read by Django's settings: nothing here knows a model."""

from typing import Any

from config.openapi import (
    alerting,
    backing,
    expecting,
    files,
    keeping,
    live,
    received,
    recovering,
    resources,
    restoring,
    sending,
    shapes,
    upkeep,
)

_ABOUT = """\
Log in for these pages; programs send a token: `Authorization: Bearer hf_…` (made in the admin,
or by `manage.py agent create NAME --role operator`). A logged-in browser's own requests need
the header `X-CSRFToken` besides.

Each path answers with and without a trailing slash. Bodies and answers are JSON in UTF-8;
times are ISO 8601 in UTC, sizes in bytes, ids UUIDs. Fields may be added; none are taken away.

Every error is `application/problem+json` (RFC 9457) with a stable `code` and a sentence for a
person in `detail`. What one may not see answers 404, as if it were not there. Too many requests
in a minute (by user, token or address) answer 429 with `Retry-After` in seconds.
"""

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Holdfast",
    "VERSION": "0.1.0",
    "DESCRIPTION": _ABOUT,
    "LICENSE": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": True,
    "SCHEMA_PATH_PREFIX": "/api",
    "PREPROCESSING_HOOKS": ["config.openapi.schema.plain_paths"],
    "POSTPROCESSING_HOOKS": ["config.openapi.data_plane.with_data_plane"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": False,
        "displayRequestDuration": True,
        "validatorUrl": None,
    },
    "TAGS": [
        {"name": "Backups", "description": "Make, watch, check, fetch and delete them."},
        {"name": "Holdfast", "description": "Its own backup."},
        {"name": "Restores", "description": "Bring a backup into a new database."},
        {"name": "Uploads", "description": "Send recordings and backups made elsewhere."},
        {"name": "Databases", "description": "What is backed up."},
        {"name": "Storages", "description": "Where the bytes lie."},
        {"name": "Schedules", "description": "When, how, where to, and what to keep."},
        {"name": "Expected backups", "description": "What should arrive by when; what did."},
        {"name": "Alerts", "description": "What needs attention, and who is told."},
        {"name": "Files", "description": "The visible course of everything under way."},
        {"name": "Live", "description": "Numbers, and tickets to listen by."},
        {"name": "Description", "description": "This document."},
    ],
    "APPEND_COMPONENTS": {
        "schemas": {
            **shapes.SHAPES,
            **backing.SHAPES,
            **resources.SHAPES,
            **files.SHAPES,
            **restoring.SHAPES,
            **recovering.SHAPES,
            **received.SHAPES,
            **expecting.SHAPES,
            **keeping.SHAPES,
            **live.SHAPES,
            **alerting.SHAPES,
            **sending.SHAPES,
            **upkeep.SHAPES,
        },
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "hf_…"},
            "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        },
    },
}
