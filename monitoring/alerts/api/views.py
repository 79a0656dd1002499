"""Alerts: list, read, acknowledge, snooze."""

from urllib.parse import urlencode

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from monitoring.alerts.attention import acknowledge_alert, snooze_alert
from monitoring.alerts.description import describe_alert, describe_delivery
from monitoring.alerts.errors import BadOption
from monitoring.alerts.models import Alert
from monitoring.alerts.selectors import (
    MOST,
    AlertFilters,
    alert_for,
    list_alerts,
    list_deliveries,
)
from storage.api.bodies import Body, actor_of, read_body

LIMIT = 50
MOST_SENDS = 200


class SnoozeBody(Body):
    until = serializers.DateTimeField(help_text="With its offset, such as 2026-11-22T07:00:00Z.")


class AlertsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "monitoring.view_alert")
        query = request.query_params
        page = list_alerts(
            actor=actor,
            filters=AlertFilters(
                state=query.get("state", ""),
                severity=query.get("severity", ""),
                rule=query.get("rule", ""),
                search=query.get("search", ""),
            ),
            cursor=query.get("cursor"),
            limit=_limit(query.get("limit")),
        )
        results = [describe_alert(alert) for alert in page.results]
        found = {"next": _link(request, page.next), "previous": _link(request, page.previous)}
        return Response({"results": results, **found, "count": None})


class AlertView(APIView):
    def get(self, request: Request, alert_id: str) -> Response:
        alert = _alert(request, alert_id)
        sends = [describe_delivery(one) for one in list_deliveries(alert=alert)[:MOST_SENDS]]
        return Response({**describe_alert(alert), "sends": sends})


class AcknowledgeView(APIView):
    def post(self, request: Request, alert_id: str) -> Response:
        alert = _alert(request, alert_id)
        return Response(describe_alert(acknowledge_alert(alert=alert, actor=actor_of(request))))


class SnoozeView(APIView):
    def post(self, request: Request, alert_id: str) -> Response:
        alert = _alert(request, alert_id)
        require(actor_of(request), "monitoring.change_alert", alert.company)
        until = read_body(request, SnoozeBody)["until"]
        found = snooze_alert(alert=alert, actor=actor_of(request), until=until)
        return Response(describe_alert(found))


def _alert(request: Request, alert_id: str) -> Alert:
    return alert_for(actor=actor_of(request), alert_id=alert_id)


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = [(name, value) for name, value in request.query_params.items() if name != "cursor"]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*query, ('cursor', cursor)])}")


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise BadOption("limit", _("limit must be a number from 1 to %d.") % MOST)
    return int(text)
