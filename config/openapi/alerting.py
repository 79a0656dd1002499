"""Alerts and their channels: shapes and samples."""

from typing import Any

from config.openapi.shapes import (
    COUNT,
    FLAG,
    LARGEST,
    MOMENT,
    TEXT,
    UUID,
    Shape,
    answer,
    body,
    listing,
    maybe,
    number,
    one_of,
    page,
    text,
)

SEVERITIES = ("info", "warning", "critical")
STATES = ("open", "unacknowledged", "waiting", "resolved")
_KINDS = ("opened", "worse", "changed", "repeated", "resolved", "digest", "test")
_STATUSES = ("waiting", "gathered", "sending", "sent", "failed", "skipped")
_COMPANY = maybe(answer(id=COUNT, name=TEXT))
_ALERT: dict[str, Shape] = {
    "id": {"type": "integer"},
    "company": _COMPANY,
    "key": {**TEXT, "description": "`rule:what it is about`; one alert is open for a key."},
    "rule": TEXT,
    "severity": one_of(*SEVERITIES),
    "subject": TEXT,
    "text": TEXT,
    "about": TEXT,
    "url": {**maybe(TEXT), "description": "A page of this installation, from its slash on."},
    "count": COUNT,
    "first_seen_at": MOMENT,
    "last_seen_at": MOMENT,
    "acknowledged_at": maybe(MOMENT),
    "acknowledged_by": maybe(TEXT),
    "snoozed_until": maybe(MOMENT),
    "resolved_at": maybe(MOMENT),
}
_SEND = answer(
    id={"type": "integer"},
    alert={**maybe(COUNT), "description": "None of a test, and of a digest of several."},
    channel=TEXT,
    kind=one_of(*_KINDS),
    status=one_of(*_STATUSES),
    attempts=COUNT,
    due_at=MOMENT,
    sent_at=maybe(MOMENT),
    error=maybe(TEXT),
)

_NAMES = listing(text(254), maxItems=100)
_CLOCK = maybe({**TEXT, "pattern": "^[0-2][0-9]:[0-5][0-9]$"})
_WHOSE = {**TEXT, "description": "Id or name; `*` is all of them, which superusers may say."}
_ADDRESS = {
    **text(2000, least=0),
    "writeOnly": True,
    "description": "Of a service, such as `ntfys://HOST/TOPIC`; of mail a server of its own, "
    "`smtp+tls://USER:PASSWORD@HOST:587`. Kept encrypted.",
}
_CHANNEL_FIELDS: dict[str, Shape] = {
    "name": text(100),
    "kind": one_of("mail", "service"),
    "enabled": FLAG,
    "recipients": {**_NAMES, "description": "Mail addresses."},
    "least_severity": one_of(*SEVERITIES),
    "rules": {**_NAMES, "description": "Beginnings of rules, such as `backup.`; none: all."},
    "about": {**_NAMES, "description": "Names of databases, storages, jobs; none: all."},
    "after_count": number(1, LARGEST),
    "on_recovery": FLAG,
    "repeat_minutes": {
        **maybe(number(5, LARGEST)),
        "description": "Until somebody acknowledges; null: it is said once.",
    },
    "quiet_from": _CLOCK,
    "quiet_to": {**_CLOCK, "description": "What is critical goes all the same."},
    "digest_at": {**_CLOCK, "description": "One message a day in place of many."},
    "time_zone": text(64),
}
_WINDOW_FIELDS: dict[str, Shape] = {
    "begins_at": {**MOMENT, "description": "Without it: now."},
    "ends_at": MOMENT,
    "about": {**_NAMES, "description": "Names; none: all."},
    "reason": text(200, least=0),
}
_AGENT = answer(
    id=COUNT,
    agent_id=TEXT,
    company=answer(id=COUNT, name=TEXT),
    heard_at={**maybe(MOMENT), "description": "When one of its tokens was used last."},
    tokens={**COUNT, "description": "How many of its tokens still open."},
    silent_after_hours={**COUNT, "description": "0: it is never told."},
    is_own_limit={**FLAG, "description": "Else it is that of the installation."},
)

SHAPES: dict[str, Shape] = {
    "Alert": answer(**_ALERT),
    "AlertWithSends": answer(**_ALERT, sends=listing(_SEND)),
    "AlertPage": page("Alert"),
    "AlertSnooze": body(("until",), until={**MOMENT, "description": "Within the next 31 days."}),
    "AlertSend": _SEND,
    "AlertChannel": answer(
        id=UUID,
        company=_COMPANY,
        has_address={**FLAG, "description": "It is never shown: there are secrets in it."},
        **_CHANNEL_FIELDS,
    ),
    "AlertChannelWithSends": answer(
        id=UUID,
        company=_COMPANY,
        has_address=FLAG,
        **_CHANNEL_FIELDS,
        sends=listing(_SEND, maxItems=20),
    ),
    "NewAlertChannel": body(("name",), company=_WHOSE, **_CHANNEL_FIELDS, address=_ADDRESS),
    "AlertChannelChange": body((), **_CHANNEL_FIELDS, address=_ADDRESS),
    "Maintenance": answer(id=COUNT, company=_COMPANY, **_WINDOW_FIELDS, created_by=TEXT),
    "MaintenancePage": page("Maintenance"),
    "NewMaintenance": body(("ends_at",), company=_WHOSE, **_WINDOW_FIELDS),
    "MaintenanceChange": body((), **_WINDOW_FIELDS),
    "AlertChannelPage": page("AlertChannel"),
    "AlertAgent": _AGENT,
    "AlertAgentPage": page("AlertAgent"),
    "AlertAgentLimit": body(
        ("silent_after_hours",),
        silent_after_hours={
            **maybe(number(0, 87_600)),
            "description": "0: never told; null: as the installation has it.",
        },
    ),
}

_HERE = "https://holdfast.example.com/api/alerts"
_AT = "2026-11-21T03:01:15Z"
_SENT: dict[str, Any] = {
    "id": 90,
    "alert": 41,
    "channel": "Operators",
    "kind": "opened",
    "status": "sent",
    "attempts": 1,
    "due_at": _AT,
    "sent_at": "2026-11-21T03:01:16Z",
    "error": None,
}
_OPEN: dict[str, Any] = {
    "id": 41,
    "company": {"id": 1, "name": "Acme"},
    "key": "backup.failed:5f3d2a10-8c1e-4c0e-8a53-2f0f7a1d9b20",
    "rule": "backup.failed",
    "severity": "critical",
    "subject": "The backup of orders failed",
    "text": "The server db.example.com does not answer.",
    "about": "orders",
    "url": "/dashboard/backup/0b6f6f9e-5a54-4a3b-9d3a-3f1f6f0a7c11",
    "count": 2,
    "first_seen_at": "2026-11-20T03:01:12Z",
    "last_seen_at": _AT,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "snoozed_until": None,
    "resolved_at": None,
}
_CHANNEL: dict[str, Any] = {
    "id": "0b9a3f0e-6a55-4a4f-9a3c-0d1f3c5e7a21",
    "company": {"id": 1, "name": "Acme"},
    "name": "Operators",
    "kind": "mail",
    "enabled": True,
    "recipients": ["ops@example.org"],
    "has_address": False,
    "least_severity": "warning",
    "rules": ["backup.", "expected."],
    "about": [],
    "after_count": 1,
    "on_recovery": True,
    "repeat_minutes": 60,
    "quiet_from": "22:00",
    "quiet_to": "06:00",
    "digest_at": None,
    "time_zone": "Europe/Lisbon",
}
_MAINTENANCE: dict[str, Any] = {
    "id": 7,
    "company": {"id": 1, "name": "Acme"},
    "begins_at": "2026-11-21T20:00:00Z",
    "ends_at": "2026-11-21T22:00:00Z",
    "about": ["orders"],
    "reason": "Moving to the new server",
    "created_by": "ada",
}
_TILL: dict[str, Any] = {
    "id": 3,
    "agent_id": "till-porto",
    "company": {"id": 1, "name": "Acme"},
    "heard_at": "2026-11-21T02:59:40Z",
    "tokens": 1,
    "silent_after_hours": 48,
    "is_own_limit": False,
}
SAMPLES: dict[str, Any] = {
    "Alert": _OPEN,
    "AlertWithSends": {**_OPEN, "sends": [_SENT]},
    "AlertPage": {
        "results": [_OPEN],
        "next": f"{_HERE}?cursor=%3E0.41",
        "previous": None,
        "count": None,
    },
    "AlertSnooze": {"until": "2026-11-22T07:00:00Z"},
    "AlertSend": {
        **_SENT,
        "alert": None,
        "kind": "test",
        "status": "waiting",
        "attempts": 0,
        "sent_at": None,
    },
    "AlertChannel": _CHANNEL,
    "AlertChannelPage": {"results": [_CHANNEL], "next": None, "previous": None, "count": 1},
    "AlertChannelWithSends": {**_CHANNEL, "sends": [_SENT]},
    "NewAlertChannel": {
        "name": "Chat",
        "kind": "service",
        "address": "ntfys://ntfy.example.org/alerts",
        "least_severity": "critical",
    },
    "AlertChannelChange": {"quiet_from": "22:00", "quiet_to": "06:00"},
    "Maintenance": _MAINTENANCE,
    "MaintenancePage": {"results": [_MAINTENANCE], "next": None, "previous": None, "count": 1},
    "NewMaintenance": {"ends_at": "2026-11-21T22:00:00Z", "reason": "Moving"},
    "MaintenanceChange": {"ends_at": "2026-11-21T23:30:00Z"},
    "AlertAgent": _TILL,
    "AlertAgentPage": {"results": [_TILL], "next": None, "previous": None, "count": 1},
    "AlertAgentLimit": {"silent_after_hours": 48},
}
