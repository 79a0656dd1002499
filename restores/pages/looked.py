"""What was looked at beforehand, as rows of a table: a name in plain words beside each check."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backups.engines import PreflightCheck

_NAMES = {
    "target_missing": _("Name"),
    "template": _("Name"),
    "ownership": _("Rights"),
    "bound": _("Replication"),
    "slots": _("Replication"),
    "subscriptions": _("Replication"),
    "publications": _("Publications"),
    "prepared": _("Prepared transactions"),
    "sessions": _("Sessions"),
    "old_size": _("Old database"),
    "target_locale": _("Locale"),
    "protected": _("Protection"),
    "safety_backup": _("Safety backup"),
    "part": _("Completeness"),
    "name_promised": _("Name"),
    "format": _("File"),
    "plain_sql": _("Plain SQL"),
    "left_out": _("Left out"),
    "role": _("Role"),
    "room": _("Room here"),
    "integrity": _("Backup"),
    "name": _("Name"),
    "target_exists": _("Name"),
    "client": _("Client programs"),
    "version": _("Version"),
    "privileges": _("Rights"),
    "fingerprints": _("Comparison"),
    "extensions": _("Extensions"),
    "extension_versions": _("Extensions"),
    "preload": _("Extensions"),
    "roles": _("Owners"),
    "role_map": _("Owners"),
    "owner": _("Owner"),
    "globals": _("Roles"),
    "selection": _("Selection"),
    "jobs": _("Parallel"),
    "free_space": _("Free space"),
    "duration": _("Duration"),
    "locale": _("Locale"),
}


@dataclass(frozen=True)
class Looked:
    """`level` is ok, warning or blocking: a badge of `look.badges`."""

    name: str | Promise
    level: str
    message: str


def looked_at(checks: Iterable[PreflightCheck]) -> list[Looked]:
    return [_row(check.code, check.level, check.message) for check in checks]


def looked_at_then(preflight: list[dict[str, Any]]) -> list[Looked]:
    """As a restore's row has kept it."""
    return [_row(one["code"], one["level"], one["message"]) for one in preflight]


def _row(code: str, level: str, message: str) -> Looked:
    return Looked(_NAMES.get(code, code), level, message)
