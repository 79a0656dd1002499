"""Notices: those that hold, a new one, and one taken back."""

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import Company, User
from access.policy import require
from monitoring.notices.description import describe_notice
from monitoring.notices.models import Notice
from monitoring.notices.selectors import holding, notices_for
from monitoring.notices.services import ADD, may_post, post_notice, withdraw_notice
from storage.api.bodies import Body, Text, actor_of, company_for, read_body

MOST = 100
EVERYONE = "*"


class NewNotice(Body):
    title = Text(max_length=120)
    message = Text(required=False, allow_blank=True, max_length=2000)
    kind = Text(required=False, max_length=20)
    level = Text(required=False, max_length=20)
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    company = Text(required=False, max_length=200)


class NoticesView(APIView):
    def get(self, request: Request) -> Response:
        rows = holding(notices_for(actor_of(request))).select_related("company")[:MOST]
        return Response({"results": [describe_notice(row) for row in rows]})

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, ADD)
        values = read_body(request, NewNotice)
        company = company_meant(actor, values.pop("company", ""))
        notice = post_notice(actor=actor, company=company, **values)
        return Response(describe_notice(notice), status=201)


class NoticeView(APIView):
    def delete(self, request: Request, notice_id: str) -> Response:
        actor = actor_of(request)
        found: Notice | None = notices_for(actor).filter(pk=int(notice_id)).first()
        if found is None:
            raise Http404
        withdraw_notice(actor=actor, notice=found)
        return Response(status=204)


def company_meant(actor: User, ref: str) -> Company | None:
    """None is everyone: `*`, or nothing said by who may speak to all."""
    if ref == EVERYONE or (not ref and may_post(actor, None)):
        return None
    return company_for(actor=actor, permission=ADD, ref=ref)
