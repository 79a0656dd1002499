"""The paths answer with and without a trailing slash, without a redirect."""

from django.urls import re_path

from monitoring.notices.api.views import NoticesView, NoticeView

urlpatterns = [
    re_path(r"^notices/?$", NoticesView.as_view(), name="notices"),
    re_path(r"^notices/(?P<notice_id>[0-9]{1,18})/?$", NoticeView.as_view(), name="notice"),
]
