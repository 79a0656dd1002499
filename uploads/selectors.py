"""Reading sessions: everything starts from what the actor may see."""

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.policy import Actor
from storage.models import StorageTarget
from uploads.errors import NoSession
from uploads.models import Part, UploadSession
from uploads.states import OVER, Status

PREFIX = "upload_session_"


def visible_sessions(actor: Actor) -> QuerySet[UploadSession]:
    rows: QuerySet[UploadSession] = UploadSession.objects.visible_to(actor)
    return rows.select_related("company", "created_by", "file", "target")


def session_for(*, actor: Actor, ref: str) -> UploadSession:
    """By our id, or by the agent's own: then the newest that still lives, else the newest.

    Raises NoSession, alike for a missing one and one that the actor may not see.
    """
    rows = visible_sessions(actor)
    found: UploadSession | None = None
    wanted = _uuid(ref.removeprefix(PREFIX))
    if wanted is not None:
        found = rows.filter(pk=wanted).first()
    if found is None and ref and "\0" not in ref:
        named = rows.filter(client_id=ref, created_by=actor.pk).order_by("-created_at", "-pk")
        dead = [Status.FAILED, Status.EXPIRED]
        found = named.exclude(status__in=dead).first() or named.first()
    if found is None:
        raise NoSession(_("There is no such upload."))
    return found


def part_for(*, actor: Actor, ref: str, kind: str) -> Part:
    """A part to write to: of the actor's own session alone. Raises NoSession."""
    session = session_for(actor=actor, ref=ref)
    if session.created_by_id != actor.pk or not actor.may(
        "uploads.add_uploadsession", session.company
    ):
        raise NoSession(_("There is no such upload."))
    part: Part = session.parts.get(kind=kind)
    part.session = session
    return part


def uses_target(target: StorageTarget) -> bool:
    """Whether something that comes in is to be put there."""
    coming = UploadSession.objects.exclude(status__in=OVER)
    if target.is_default and coming.filter(target=None, company=target.company_id).exists():
        return True
    return coming.filter(target=target).exists()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
