"""Addresses that somebody forgot to protect, each in another way: the walk must find them."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from backups.models import Backup
from config.urls import urlpatterns as ours


def anyone(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def any_backup(_request: HttpRequest, backup_id: Any) -> HttpResponse:
    """Forgets `visible_to`."""
    found = Backup.objects.filter(pk=backup_id).first()
    return HttpResponse(found.name if found else "", status=200 if found else 404)


def all_names(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(", ".join(Backup.objects.values_list("name", flat=True)))


urlpatterns = [
    path("forgotten", anyone, name="forgotten"),
    path("open", login_not_required(anyone), name="open"),
    path("leak/<uuid:backup_id>", any_backup, name="leak"),
    path("names", all_names, name="names"),
    *ours,
]
