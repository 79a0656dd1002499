"""Channels of alerts: list, make, read, change, remove, test. Addresses are never shown."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.policy import require
from monitoring.alerts.api.meant import LARGEST, Names, company_meant
from monitoring.alerts.channels import (
    change_channel,
    create_channel,
    remove_channel,
    test_channel,
)
from monitoring.alerts.description import (
    describe_channel,
    describe_channel_with_sends,
    describe_delivery,
)
from monitoring.alerts.models import Alert, Channel
from monitoring.alerts.selectors import channel_for, list_channels
from storage.api.bodies import Body, Flag, Number, Text, actor_of, read_body

CHANGE = "monitoring.change_channel"


class Clock(serializers.TimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%H:%M"], allow_null=True, required=False, **options)


class ChannelBody(Body):
    name = Text(max_length=100)
    kind = serializers.ChoiceField(choices=Channel.Kind.values, required=False)
    enabled = Flag(required=False)
    recipients = Names(required=False)
    address = Text(max_length=2000, allow_blank=True, required=False, write_only=True)
    least_severity = serializers.ChoiceField(choices=Alert.Severity.values, required=False)
    rules = Names(required=False)
    about = Names(required=False)
    after_count = Number(min_value=1, max_value=LARGEST, required=False)
    on_recovery = Flag(required=False)
    repeat_minutes = Number(min_value=5, max_value=LARGEST, allow_null=True, required=False)
    quiet_from = Clock()
    quiet_to = Clock()
    digest_at = Clock()
    time_zone = Text(max_length=64, required=False)


class NewChannelBody(ChannelBody):
    company = Text(max_length=200, required=False)


class ChannelsView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "monitoring.view_channel")
        results = [describe_channel(one) for one in list_channels(actor=actor)]
        found = {"results": results, "next": None, "previous": None}
        return Response({**found, "count": len(results)})

    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        require(actor, "monitoring.add_channel")
        values = read_body(request, NewChannelBody)
        company = company_meant(actor, "monitoring.add_channel", values.pop("company", ""))
        made = create_channel(company=company, actor=actor, **values)
        return Response(describe_channel(made), status=201)


class ChannelView(APIView):
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(describe_channel_with_sends(_channel(request, channel_id)))

    def patch(self, request: Request, channel_id: str) -> Response:
        channel = _channel(request, channel_id)
        require(actor_of(request), CHANGE, channel.company)
        values = read_body(request, ChannelBody, partial=True)
        found = change_channel(channel=channel, actor=actor_of(request), **values)
        return Response(describe_channel(found))

    def delete(self, request: Request, channel_id: str) -> Response:
        remove_channel(channel=_channel(request, channel_id), actor=actor_of(request))
        return Response(status=204)


class ChannelTestView(APIView):
    def post(self, request: Request, channel_id: str) -> Response:
        """What became of it is among the messages of the channel."""
        channel = _channel(request, channel_id)
        delivery = test_channel(channel=channel, actor=actor_of(request))
        return Response(describe_delivery(delivery), status=202)


def _channel(request: Request, channel_id: str) -> Channel:
    return channel_for(actor=actor_of(request), ref=channel_id)
