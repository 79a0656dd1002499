"""The addresses of the page."""

from django.urls import path

from monitoring.notices.pages import views

app_name = "notices"

urlpatterns = [
    path("dashboard/notices", views.notices, name="list"),
    path("dashboard/notices/<int:notice_id>/withdraw", views.withdraw, name="withdraw"),
]
