"""A mail server on loopback that does as it is told: takes, refuses, stalls, drops."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """`refuses` are answers by recipient; `at_data` is one for everything, or `stall`, `drop`."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    at_data: str = ""
    takes_then_drops: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.mails]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:
        if self.at_data == "stall":
            while not self.released.is_set():
                await asyncio.sleep(0.02)
        if self.at_data == "drop":
            server.transport.abort()
            return "451 gone"
        if self.at_data and self.at_data != "stall":
            return self.at_data
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.takes_then_drops:
            server.transport.abort()
        return "250 taken"


class _OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        """The library asks its own port whether it is there; with 0 it is known from here on."""
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    handler = MailServer()
    controller = _OnAnyPort(handler, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        handler.port = controller.port
        yield handler
    finally:
        handler.released.set()
        controller.stop()
