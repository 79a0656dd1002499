"""The one table of roles: what each may do, in Django's permission names.

Read by `access.backend` for pages and admin, and by `access.policy` for services.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Administrator")
    AGENT = "agent", _("Agent")


_VIEWER = frozenset(
    {
        "access.view_company",
        "backups.view_backup",
        "backups.view_database",
        "backups.view_levelresult",
        "monitoring.view_trackedfile",
        "monitoring.view_stage",
        "storage.view_storagetarget",
        "storage.view_storedobject",
    }
)

_OPERATOR = _VIEWER | {
    "backups.add_backup",
    "backups.change_backup",
    "backups.download_backup",
    "backups.test_database",
}

_ADMIN = _OPERATOR | {
    "access.add_agent",
    "access.change_agent",
    "access.delete_token",
    "access.view_agent",
    "access.view_auditentry",
    "access.view_membership",
    "access.view_token",
    "backups.add_database",
    "backups.change_database",
    "storage.add_storagetarget",
    "storage.change_storagetarget",
}

# An agent sends and reports; it reads nothing of the company. The permissions for that
# come with the uploads.
_AGENT: frozenset[str] = frozenset()

ROLES: dict[str, frozenset[str]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.ADMIN: frozenset(_ADMIN),
    Role.AGENT: _AGENT,
}


def grants(role: str, permission: str) -> bool:
    return permission in ROLES.get(role, frozenset())
