"""Maintenance windows: those that are not over, a new one, changes, and the end of one."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from monitoring.alerts.api.meant import Names, company_meant
from monitoring.alerts.description import describe_window
from monitoring.alerts.models import MaintenanceWindow
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import list_windows, window_for
from monitoring.alerts.windows import add_window, change_window, end_window
from storage.api.bodies import Body, Text, actor_of, read_body

ADD = "monitoring.add_maintenancewindow"


class WindowBody(Body):
    begins_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField()
    about = Names(required=False)
    reason = Text(max_length=200, allow_blank=True, required=False)


class NewWindowBody(WindowBody):
    company = Text(max_length=200, required=False)


class WindowsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "monitoring.view_maintenancewindow")
        results = [describe_window(one) for one in list_windows(actor=actor)]
        found = {"results": results, "next": None, "previous": None}
        return Response({**found, "count": len(results)})

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, ADD)
        values = {"begins_at": database_now(), **read_body(request, NewWindowBody)}
        company = company_meant(actor, ADD, values.pop("company", ""))
        window = add_window(company=company, actor=actor, **values)
        return Response(describe_window(window), status=201)


class WindowView(APIView):
    def get(self, request: Request, window_id: str) -> Response:
        return Response(describe_window(_window(request, window_id)))

    def patch(self, request: Request, window_id: str) -> Response:
        window, actor = _window(request, window_id), actor_of(request)
        require(actor, "monitoring.change_maintenancewindow", window.company)
        values = read_body(request, WindowBody, partial=True)
        return Response(describe_window(change_window(window=window, actor=actor, **values)))

    def delete(self, request: Request, window_id: str) -> Response:
        """What waits for its end is sent now."""
        end_window(window=_window(request, window_id), actor=actor_of(request))
        return Response(status=204)


def _window(request: Request, window_id: str) -> MaintenanceWindow:
    return window_for(actor=actor_of(request), window_id=window_id)
