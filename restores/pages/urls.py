"""Addresses of the pages of restores."""

from django.urls import path

from restores.pages import acts, cancel, detail, lists, wizard
from restores.received import pages

app_name = "restores"

urlpatterns = [
    path("dashboard/restores", lists.restore_list, name="list"),
    path("dashboard/restores/file", pages.restore_file, name="file"),
    path("dashboard/restores/<uuid:restore_id>", detail.restore_detail, name="detail"),
    path("dashboard/restores/<uuid:restore_id>/cancel", cancel.restore_cancel, name="cancel"),
    *(
        path(
            f"dashboard/restores/<uuid:restore_id>/{act.name}",
            acts.restore_act,
            {"act": act.name},
            name=act.name,
        )
        for act in acts.ACTS
    ),
    path("dashboard/backup/<uuid:backup_id>/restore", wizard.restore_new, name="new"),
]
