"""Addresses of the pages across apps."""

from django.urls import path

from dashboard import overview

app_name = "dashboard"

urlpatterns = [path("dashboard/", overview.overview, name="overview")]
