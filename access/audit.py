"""Writing the audit table: one call, in the transaction of what it records."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from access.models import AuditEntry, Company, User
from access.policy import Actor
from access.redaction import MASK, redact
from access.request import current_address


def record(
    *,
    actor: Actor,
    action: str,
    thing: models.Model,
    company: Company | None = None,
    changes: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write that `actor` did `action` (as ``backup.requested``) to `thing`.

    Values of `changes` are shown to people with the right to read the audit: never pass a
    secret; what looks like one is masked all the same.
    """
    written = entry(actor=actor, action=action, thing=thing, company=company, changes=changes)
    written.save(force_insert=True)
    return written


def record_all(entries: Iterable[AuditEntry]) -> None:
    """The same for many at once; see `entry`."""
    AuditEntry.objects.bulk_create(entries)


def entry(
    *,
    actor: Actor,
    action: str,
    thing: models.Model,
    company: Company | None = None,
    changes: dict[str, Any] | None = None,
) -> AuditEntry:
    """What `record` writes, not yet written."""
    return AuditEntry(
        actor=actor if isinstance(actor, User) else None,
        actor_name=actor.get_username()[:200],
        address=current_address(),
        company=company,
        action=action,
        object_type=thing._meta.label_lower,
        # Some keys are longer than an id; `object_name` has room for them.
        object_id=str(thing.pk)[:60],
        object_name=str(thing)[:200],
        changes=_clean(changes or {}),
    )


def record_secret_use(
    *, actor: Actor, thing: models.Model, company: Company, purpose: str, run: str = ""
) -> AuditEntry:
    """Write that the sealed secret of `thing` was opened: by a person, or for the run `run`.

    Once for a run, when it first opens it, however often it does.
    """
    changes = {"purpose": purpose, "run": run} if run else {"purpose": purpose}
    return record(actor=actor, action="secret.used", thing=thing, company=company, changes=changes)


def is_secret(key: str) -> bool:
    """Whether a field of this name holds what nobody may read."""
    return any(word in key for word in ("password", "secret", "token"))


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: MASK if is_secret(key) and isinstance(item, str) else _clean(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, str):
        return redact(value)
    return value if isinstance(value, int | float | bool | None) else redact(str(value))
