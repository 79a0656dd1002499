"""Apprise itself, held short: no redirects, nothing stored, no files, no templates, a time-out.

Imported where it is needed alone. An address comes here only after `service.check`.
"""

import logging

import apprise
from apprise import AppriseAsset
from apprise.common import NotifyFormat, NotifyType, PersistentStoreMode

# Below the queue's time-out, whatever an address asks for by `rto` and `cto`.
TIMEOUT_SECONDS = 45
_TYPES = {"good": NotifyType.SUCCESS, "warn": NotifyType.WARNING, "bad": NotifyType.FAILURE}


def notify(address: str, title: str, body: str, tone: str) -> tuple[bool, str]:
    """Whether the service took it, and what apprise said meanwhile: secrets may be in it."""
    capture = apprise.LogCapture(level=logging.WARNING)  # type: ignore[no-untyped-call]
    with capture as captured:
        taken = sender_for(address).notify(
            title=title,
            body=body,
            notify_type=_TYPES.get(tone, NotifyType.INFO),
            body_format=NotifyFormat.TEXT,
        )
        return bool(taken), str(captured.getvalue())


def sender_for(address: str) -> apprise.Apprise:
    """Without any service in it when the address cannot be used."""
    asset = AppriseAsset(
        app_id="Holdfast",
        app_desc="Holdfast",
        app_url="",
        http_redirects=False,
        async_mode=False,
        secure_logging=True,
        service_timeout=TIMEOUT_SECONDS,
        allow_templates=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    sender = apprise.Apprise(asset=asset)
    sender.add(address)
    return sender
