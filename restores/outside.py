"""Asking for a restore of a file that was not made here: who may, and what has to be agreed to."""

import shutil
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import Company, User
from access.policy import Actor, require
from backups.engines import Engine, PreflightCheck
from backups.errors import Missing, NotReady
from restores.origins import FromOutside
from restores.received.models import ReceivedFile
from restores.received.services import received_file_for
from uploads.errors import NoSession
from uploads.models import UploadSession
from uploads.selectors import session_for
from uploads.states import OVER

FORMATS = {
    "custom": gettext_lazy("pg_dump's custom format"),
    "tar": gettext_lazy("pg_dump's tar format"),
    "directory": gettext_lazy("pg_dump's directory format, as a tar"),
    "plain": gettext_lazy("plain SQL"),
}


def file_from_outside(
    *,
    actor: Actor,
    company: Company,
    upload: str = "",
    path: str = "",
    accept_plain_sql: bool = False,
    accept_extensions: bool = False,
) -> FromOutside:
    """An uploaded file by its id or its session's, or one at a path.

    Raises NotFound or NotReady.
    """
    received = _uploaded(actor, upload) if upload else None
    return FromOutside(
        company=received.company if received else company,
        received=received,
        path=path,
        accept_plain_sql=accept_plain_sql,
        accept_extensions=accept_extensions,
    )


def _uploaded(actor: Actor, ref: str) -> ReceivedFile:
    try:
        session = session_for(actor=actor, ref=ref)
    except NoSession:
        return received_file_for(actor=actor, file_id=ref)
    if session.kind == UploadSession.Kind.RESTORE and session.status not in OVER:
        raise NotReady(_("The upload is not whole yet."))
    return received_file_for(actor=actor, file_id=session.result_id)


def look_at_file(
    *, outside: FromOutside, engine: Engine, actor: Actor
) -> tuple[list[PreflightCheck], dict[str, Any], int]:
    """What the file is and whether it may be restored, with its `contents` and size.

    Raises NotAllowed or BackupError.
    """
    _require(outside, actor)
    size, contents = outside.recognize(engine)
    checks = [_format(contents, size)]
    if contents["format"] in ("tar", "directory"):
        checks.append(_room(size))
    if contents["format"] == "plain":
        checks.append(_plain_sql(outside, actor))
    if contents["left_out"]:
        said = _("Left out, since only a superuser makes them: %(names)s.")
        names = ", ".join(contents["left_out"][:20])
        checks.append(PreflightCheck("left_out", "warning", said % {"names": names}))
    contents["accepts_extensions"] = outside.accept_extensions
    return checks, contents, size


def keep_file(
    *, outside: FromOutside, contents: dict[str, Any], size: int, actor: Actor
) -> ReceivedFile:
    """The row that a restore is linked with. Called in the transaction that makes the restore."""
    if outside.received is not None:
        held: ReceivedFile = ReceivedFile.objects.select_for_update().get(pk=outside.received.pk)
        if held.state != ReceivedFile.State.HERE:
            raise Missing(_("The file is not here any more; upload it again."))
        held.contents = contents
        held.save(update_fields=["contents"])
        return held
    found: ReceivedFile = ReceivedFile.objects.create(
        company=outside.company,
        origin=ReceivedFile.Origin.PATH,
        name=outside.name[:500],
        path=outside.path,
        size=size,
        contents=contents,
        created_by=actor if isinstance(actor, User) else None,
    )
    return found


def _require(outside: FromOutside, actor: Actor) -> None:
    require(actor, "restores.add_restore", outside.company)
    if outside.received is None:
        # They are nobody's company's: whoever reads one may be reading another's.
        require(actor, "restores.read_paths", outside.company)
    if outside.accept_plain_sql:
        require(actor, "restores.accept_plain_sql", outside.company)
    if outside.accept_extensions:
        require(actor, "restores.accept_extensions", outside.company)


def _format(contents: dict[str, Any], size: int) -> PreflightCheck:
    named = {
        "size": filesizeformat(size),
        "format": FORMATS[contents["format"]],
        "tool": contents["tool_version"],
        "source": contents["server_version"],
        "layers": " + ".join(contents["layers"]),
    }
    said = (
        _("It is %(format)s of %(size)s, by pg_dump %(tool)s from PostgreSQL %(source)s.") % named
    )
    if contents["layers"]:
        said += " " + _("Around it: %(layers)s.") % named
    if contents["items"] is not None:
        said += " " + _("%(items)d items.") % {"items": contents["items"]}
    return PreflightCheck("format", "ok", said)


def _room(size: int) -> PreflightCheck:
    """A tar is unpacked on this machine; how much it really needs, its packing may hide."""
    free = shutil.disk_usage(settings.PLACES.data).free - (
        settings.ENVIRONMENT.disk_reserve_mb << 20
    )
    said = _("%(free)s are free here to unpack it.") % {"free": filesizeformat(max(0, free))}
    return PreflightCheck("room", "ok" if free > size else "blocking", said)


def _plain_sql(outside: FromOutside, actor: Actor) -> PreflightCheck:
    if outside.accept_plain_sql:
        said = _("An administrator, %(name)s, lets this plain SQL run.")
        return PreflightCheck("plain_sql", "warning", said % {"name": actor.get_username()})
    said = _("Plain SQL is a program: an administrator has to agree to it (accept_plain_sql).")
    return PreflightCheck("plain_sql", "blocking", said)
