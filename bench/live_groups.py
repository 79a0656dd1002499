"""The same load the usual way: each socket a member of its file's group in the channel layer.

The least that such a consumer can do: no login, no rows, and the text comes ready made.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

# ruff: noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path


class Follower(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    async def connect(self) -> None:
        self.group = f"file.{self.scope['url_route']['kwargs']['download_id']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send(text_data='{"type":"connection_established"}')

    async def disconnect(self, code: int) -> None:  # noqa: ARG002
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def say(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


_follower: Any = Follower.as_asgi()
application = ProtocolTypeRouter(
    {"websocket": URLRouter([re_path(r"^ws/downloads/(?P<download_id>[^/]+)/?$", _follower)])}
)
