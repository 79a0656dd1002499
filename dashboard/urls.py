"""Addresses of the pages across apps."""

from django.urls import path

from dashboard import overview
from dashboard.expected import pages as expected

app_name = "dashboard"

urlpatterns = [
    path("dashboard/", overview.overview, name="overview"),
    path("dashboard/expected", expected.board, name="expected"),
    path("dashboard/expected/<int:job_id>", expected.job_page, name="expected-job"),
    path("dashboard/expected/<int:job_id>/act", expected.act, name="expected-act"),
]
