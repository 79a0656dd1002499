"""Addresses of the pages of backups and databases."""

from django.urls import path

from backups.pages import cancel, databases, detail, lists

app_name = "backups"

urlpatterns = [
    path("dashboard/backup", lists.backup_list, name="list"),
    path("dashboard/backup/<uuid:backup_id>", detail.backup_detail, name="detail"),
    path("dashboard/backup/<uuid:backup_id>/cancel", cancel.backup_cancel, name="cancel"),
    path("dashboard/databases", databases.database_list, name="databases"),
    path("dashboard/databases/new", databases.database_new, name="database-new"),
    path("dashboard/databases/<uuid:database_id>", databases.database_edit, name="database-edit"),
]
