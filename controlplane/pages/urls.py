"""The address of the page."""

from django.urls import path

from controlplane.pages.sets import sets

app_name = "controlplane"

urlpatterns = [path("dashboard/holdfast", sets, name="sets")]
