"""The path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from controlplane.api.views import SetsView

urlpatterns = [re_path(r"^holdfast/?$", SetsView.as_view(), name="holdfast")]
