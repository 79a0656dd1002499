"""The addresses of pings: with the key alone, or with what happened behind it."""

from django.urls import re_path

from monitoring.expected.ping_views import ping_view

_KEY = "(?P<key>[A-Za-z0-9_-]{1,100})"

urlpatterns = [
    re_path(rf"^ping/{_KEY}/?$", ping_view, name="ping"),
    re_path(rf"^ping/{_KEY}/(?P<what>[a-z]{{1,10}}|[0-9]{{1,10}})/?$", ping_view, name="ping-what"),
]
