"""All addresses of the installation."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("dashboard.front")),
    path("", include("dashboard.urls")),
    path("", include("backups.pages.urls")),
    path("api/", include("backups.api.urls")),
    path("admin/", admin.site.urls),
]
