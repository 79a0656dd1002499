"""The admin's theme: the dashboard's accent and greys, and what its sidebar links to."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_GREYS = {
    "50": "#f6f7f8",
    "100": "#eef0f2",
    "200": "#dfe3e7",
    "300": "#c6ccd2",
    "400": "#a3afba",
    "500": "#5a6672",
    "600": "#46515c",
    "700": "#3b4650",
    "800": "#2a323a",
    "900": "#161b21",
    "950": "#0f1317",
}
_ACCENT = {
    "50": "#eef8f6",
    "100": "#d9efec",
    "200": "#b3ded8",
    "300": "#86ccc2",
    "400": "#4cc2b4",
    "500": "#2fae9f",
    "600": "#0f6e66",
    "700": "#0b5851",
    "800": "#0c4a45",
    "900": "#123b37",
    "950": "#06201d",
}


def _static(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)  # noqa: ARG005


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(getattr(request.user, "has_perm", lambda name: False)(permission))  # noqa: ARG005


def _link(title: str | Promise, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Holdfast",
    "SITE_HEADER": "Holdfast",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_URL": reverse_lazy("dashboard:overview"),
    "SITE_ICON": _static("look/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("look/mark.svg")},
    ],
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": _GREYS, "primary": _ACCENT},
    "STYLES": [
        _static("look/tokens.css"),
        _static("look/badge.css"),
        _static("look/admin.css"),
    ],
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": _("Backups"),
                "items": [
                    _link(_("Databases"), "database", "backups.database"),
                    _link(_("Backups"), "inventory_2", "backups.backup"),
                    _link(_("Restores"), "settings_backup_restore", "restores.restore"),
                    _link(_("Received files"), "file_present", "restores.receivedfile"),
                    _link(_("Uploads"), "upload", "uploads.uploadsession"),
                    _link(_("Recordings"), "videocam", "uploads.recording"),
                    _link(_("Checks"), "fact_check", "backups.check"),
                    _link(_("Copies"), "file_copy", "backups.copy"),
                    _link(_("Results by level"), "rule", "backups.levelresult"),
                    _link(_("Storage targets"), "hard_drive", "storage.storagetarget"),
                    _link(_("Stored objects"), "draft", "storage.storedobject"),
                    _link(_("Orphans"), "question_mark", "storage.orphan"),
                ],
            },
            {
                "title": _("Watch"),
                "items": [
                    _link(_("Files"), "description", "monitoring.trackedfile"),
                    _link(_("Alerts"), "notifications", "monitoring.alert"),
                    _link(_("Messages"), "outgoing_mail", "monitoring.delivery"),
                    _link(_("Channels"), "campaign", "monitoring.channel"),
                    _link(_("Maintenance windows"), "event_busy", "monitoring.maintenancewindow"),
                    _link(_("Heartbeats"), "ecg_heart", "monitoring.heartbeat"),
                    _link(_("Failed tasks"), "error", "django_q.failure"),
                    _link(_("Waiting tasks"), "hourglass_empty", "django_q.ormq"),
                    _link(_("Audit"), "history", "access.auditentry"),
                ],
            },
            {
                "title": _("Access"),
                "items": [
                    _link(_("People"), "person", "access.user"),
                    _link(_("Companies"), "apartment", "access.company"),
                    _link(_("Memberships"), "badge", "access.membership"),
                    _link(_("Agents"), "smart_toy", "access.agent"),
                    _link(_("Tokens"), "key", "access.token"),
                ],
            },
        ],
    },
}
