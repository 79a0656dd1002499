"""A notice as the API and the command line show it."""

from typing import Any

from monitoring.notices.models import Notice


def describe_notice(notice: Notice) -> dict[str, Any]:
    company = notice.company
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "level": notice.level,
        "title": notice.title,
        "message": notice.message,
        "starts_at": notice.starts_at,
        "ends_at": notice.ends_at,
        "company": {"id": company.pk, "name": company.name} if company else None,
    }
