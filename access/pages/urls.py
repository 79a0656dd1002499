"""Addresses of the pages of access: the audit and one's own account."""

from django.urls import path

from access.pages import audit

app_name = "access"

urlpatterns = [path("dashboard/audit", audit.audit_list, name="audit")]
