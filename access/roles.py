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
        "backups.view_backupschedule",
        "backups.view_check",
        "backups.view_cleanup",
        "backups.view_copy",
        "backups.view_duetime",
        "backups.view_levelresult",
        "monitoring.follow_files",
        "monitoring.view_backupentry",
        "monitoring.view_expectedbackupjob",
        "monitoring.view_alert",
        "monitoring.view_logline",
        "monitoring.view_metrics",
        "monitoring.view_stage",
        "monitoring.view_step",
        "monitoring.view_trackedfile",
        "restores.view_receivedfile",
        "restores.view_restore",
        "storage.view_orphan",
        "storage.view_storagetarget",
        "storage.view_storedobject",
        "uploads.view_recording",
        "uploads.view_uploadsession",
    }
)

_OPERATOR = _VIEWER | {
    "backups.add_backup",
    "backups.cancel_backup",
    "backups.change_backup",
    "backups.copy_backup",
    "backups.download_backup",
    "backups.check_backup",
    "backups.test_backupschedule",
    "backups.test_database",
    "monitoring.acknowledge_expectedbackupjob",
    "monitoring.add_backupentry",
    # To acknowledge and to snooze.
    "monitoring.change_alert",
    "restores.add_receivedfile",
    "restores.add_restore",
    "restores.cancel_restore",
    "restores.delete_receivedfile",
    "restores.confirm_restore",
    "storage.test_storagetarget",
    "uploads.add_uploadsession",
    "uploads.cancel_uploadsession",
}

_ADMIN = _OPERATOR | {
    "access.add_agent",
    "access.change_agent",
    "access.delete_token",
    "access.view_agent",
    "access.view_auditentry",
    "access.view_membership",
    "access.view_token",
    "backups.add_backupschedule",
    "backups.add_database",
    "backups.change_backupschedule",
    "backups.change_database",
    "backups.delete_backup",
    "backups.delete_backupschedule",
    "backups.delete_database",
    "backups.hold_backup",
    # Of all companies: see backups.recovery.state.may_manage.
    "backups.manage_recovery_key",
    # Its bytes without their encryption.
    "backups.open_backup",
    "backups.rescan_storage",
    "monitoring.add_notice",
    "monitoring.add_expectedbackupjob",
    "monitoring.change_expectedbackupjob",
    "monitoring.delete_expectedbackupjob",
    "monitoring.add_channel",
    "monitoring.add_maintenancewindow",
    "monitoring.change_channel",
    "monitoring.change_maintenancewindow",
    "monitoring.delete_channel",
    "monitoring.delete_maintenancewindow",
    "monitoring.test_channel",
    "monitoring.view_agentwatch",
    "monitoring.view_channel",
    "monitoring.view_maintenancewindow",
    "monitoring.view_delivery",
    "monitoring.view_event",
    # What strangers wrote, and files of this machine that are no company's.
    "restores.accept_extensions",
    "restores.accept_plain_sql",
    "restores.read_paths",
    "restores.approve_restore",
    "restores.replace_protected",
    "restores.undo_restore",
    "storage.add_storagetarget",
    "storage.change_storagetarget",
    "storage.delete_storagetarget",
    "uploads.delete_recording",
    "uploads.view_allowance",
    "uploads.change_allowance",
}

# An agent sends and reports; it reads nothing of the company, follows its own files only
# (`FileRows.visible_to`), and sees the backups that are expected of it (`JobRows`). Deleting
# what it sent is a scope of its own (`uploads.Allowance`).
_AGENT = frozenset(
    {
        "monitoring.add_backupentry",
        "monitoring.follow_files",
        "monitoring.view_backupentry",
        "monitoring.view_expectedbackupjob",
        "uploads.add_uploadsession",
    }
)

ROLES: dict[str, frozenset[str]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.ADMIN: frozenset(_ADMIN),
    Role.AGENT: _AGENT,
}


def grants(role: str, permission: str) -> bool:
    return permission in ROLES.get(role, frozenset())
