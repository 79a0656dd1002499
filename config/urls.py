"""All addresses of the installation."""

from django.contrib import admin
from django.urls import include, path, re_path

from backups.api import urls as backups_api
from config.openapi.views import DocsView, RedocView, SchemaView
from config.problems import NowhereView
from controlplane.api import urls as controlplane_api
from dashboard.login import admin_login, admin_password_change
from monitoring.alerts.api import urls as alerts_api
from monitoring.expected.api import urls as expected_api
from monitoring.files.api import urls as files_api
from monitoring.live.api import urls as live_api
from monitoring.notices.api import urls as notices_api
from restores.api import urls as restores_api
from storage.api import urls as storage_api
from uploads.api import urls as uploads_api

handler500 = "config.problems.answer_fault"

admin.autodiscover()
# Its own pages for these would be a way around the lock-out, the second factor and the audit.
admin.site.login = admin_login  # type: ignore[method-assign,assignment]  # as Django says
admin.site.password_change = admin_password_change  # type: ignore[method-assign,assignment]

# One name space for the whole API, whichever app answers.
api = [
    *backups_api.urlpatterns,
    *storage_api.urlpatterns,
    *files_api.urlpatterns,
    *live_api.urlpatterns,
    *notices_api.urlpatterns,
    *expected_api.urlpatterns,
    *alerts_api.urlpatterns,
    *restores_api.urlpatterns,
    *uploads_api.urlpatterns,
    *controlplane_api.urlpatterns,
    re_path(r"^schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^", NowhereView.as_view(), name="nowhere"),
]

urlpatterns = [
    path("", include("dashboard.front")),
    path("", include("dashboard.urls")),
    path("", include("backups.pages.urls")),
    path("", include("access.pages.urls")),
    path("", include("restores.pages.urls")),
    path("", include("uploads.pages.urls")),
    path("", include("controlplane.pages.urls")),
    path("", include("monitoring.notices.pages.urls")),
    path("", include("monitoring.alerts.pages.urls")),
    path("", include("monitoring.live.urls")),
    path("", include("monitoring.expected.urls")),
    re_path(r"^docs/?$", DocsView.as_view(), name="docs"),
    re_path(r"^redoc/?$", RedocView.as_view(), name="redoc"),
    path("api/", include((api, "api"))),
    path("admin/", admin.site.urls),
]
