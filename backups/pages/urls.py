"""Addresses of the pages of backups and databases."""

from django.urls import path

from backups.pages import (
    cancel,
    checks,
    cleanup,
    copies,
    databases,
    detail,
    lists,
    recovery,
    schedules,
    storage,
)

app_name = "backups"

urlpatterns = [
    path("dashboard/backup", lists.backup_list, name="list"),
    path("dashboard/backup/<uuid:backup_id>", detail.backup_detail, name="detail"),
    path("dashboard/backup/<uuid:backup_id>/cancel", cancel.backup_cancel, name="cancel"),
    path("dashboard/backup/<uuid:backup_id>/check", checks.backup_check, name="check"),
    path(
        "dashboard/backup/<uuid:backup_id>/check/cancel",
        checks.backup_check_cancel,
        name="check-cancel",
    ),
    path("dashboard/backup/<uuid:backup_id>/copy", copies.backup_copy, name="copy"),
    path("dashboard/storages/<uuid:target_id>", storage.storage, name="storage"),
    path("dashboard/databases", databases.database_list, name="databases"),
    path("dashboard/databases/new", databases.database_new, name="database-new"),
    path("dashboard/databases/<uuid:database_id>", databases.database_edit, name="database-edit"),
    path("dashboard/databases/<uuid:database_id>/cleanup", cleanup.cleanup, name="cleanup"),
    path("dashboard/schedules", schedules.schedule_list, name="schedules"),
    path("dashboard/schedules/new", schedules.schedule_new, name="schedule-new"),
    path("dashboard/schedules/preview", schedules.schedule_preview, name="schedule-preview"),
    path("dashboard/schedules/<uuid:schedule_id>", schedules.schedule_edit, name="schedule-edit"),
    path("dashboard/schedules/<uuid:schedule_id>/act", schedules.schedule_act, name="schedule-act"),
    path("dashboard/recovery-key", recovery.recovery_key, name="recovery-key"),
    path("dashboard/recovery-key/download", recovery.download, name="recovery-key-download"),
    path("dashboard/recovery-key/challenge", recovery.challenge, name="recovery-key-challenge"),
    path("dashboard/recovery-key/rehearse", recovery.rehearse, name="recovery-key-rehearse"),
    path("dashboard/recovery-key/remove", recovery.remove, name="recovery-key-remove"),
]
