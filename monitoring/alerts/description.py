"""Alerts, messages and channels as the API and the command line show them."""

from datetime import datetime, time
from typing import Any

from access.models import Agent
from monitoring.alerts.agents import hours_of
from monitoring.alerts.models import AgentWatch, Alert, Channel, Delivery, MaintenanceWindow

MOST_SENDS = 20


def describe_alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "company": {"id": alert.company_id, "name": alert.company.name} if alert.company else None,
        "key": alert.key,
        "rule": alert.rule,
        "severity": alert.severity,
        "subject": alert.subject,
        "text": alert.text,
        "about": alert.about,
        "url": alert.url or None,
        "count": alert.count,
        "first_seen_at": _iso(alert.first_seen_at),
        "last_seen_at": _iso(alert.last_seen_at),
        "acknowledged_at": _iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by or None,
        "snoozed_until": _iso(alert.snoozed_until),
        "resolved_at": _iso(alert.resolved_at),
    }


def describe_delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "alert": delivery.alert_id,
        "channel": delivery.channel_name,
        "kind": delivery.kind,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "due_at": _iso(delivery.due_at),
        "sent_at": _iso(delivery.sent_at),
        "error": delivery.error or None,
    }


def describe_channel(channel: Channel) -> dict[str, Any]:
    """Without its address, in which there are secrets."""
    return {
        "id": str(channel.pk),
        "company": (
            {"id": channel.company_id, "name": channel.company.name} if channel.company else None
        ),
        "name": channel.name,
        "kind": channel.kind,
        "enabled": channel.enabled,
        "recipients": channel.recipients,
        "has_address": bool(channel.address_sealed),
        "least_severity": channel.least_severity,
        "rules": channel.rules,
        "about": channel.about,
        "after_count": channel.after_count,
        "on_recovery": channel.on_recovery,
        "repeat_minutes": channel.repeat_minutes,
        "quiet_from": _clock(channel.quiet_from),
        "quiet_to": _clock(channel.quiet_to),
        "digest_at": _clock(channel.digest_at),
        "time_zone": channel.time_zone,
    }


def describe_channel_with_sends(channel: Channel) -> dict[str, Any]:
    """With its newest messages, and why one did not go."""
    sends = [describe_delivery(one) for one in channel.deliveries.order_by("-pk")[:MOST_SENDS]]
    return {**describe_channel(channel), "sends": sends}


def describe_window(window: MaintenanceWindow) -> dict[str, Any]:
    return {
        "id": window.pk,
        "company": (
            {"id": window.company_id, "name": window.company.name} if window.company else None
        ),
        "begins_at": _iso(window.begins_at),
        "ends_at": _iso(window.ends_at),
        "about": window.about,
        "reason": window.reason,
        "created_by": window.created_by,
    }


def describe_agent(agent: Agent) -> dict[str, Any]:
    """An agent as `list_agents` reads it. `silent_after_hours` is what holds for it."""
    watch: AgentWatch | None = getattr(agent, "watch", None)
    return {
        "id": agent.pk,
        "agent_id": agent.agent_id,
        "company": {"id": agent.company_id, "name": agent.company.name},
        "heard_at": _iso(agent.heard),  # type: ignore[attr-defined]  # annotated
        "tokens": agent.tokens,  # type: ignore[attr-defined]  # annotated
        "silent_after_hours": hours_of(agent),
        "is_own_limit": watch is not None and watch.silent_after_hours is not None,
    }


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
