"""Approving, undoing, confirming: each asked once more on a page of its own, then done.

Only who was recently asked who they are may do it (`access.reauthentication`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from access.reauthentication import require_recent
from backups.errors import BackupError
from backups.pages.permitted import must_have, person
from restores.kept.asking import confirm_restore, undo_restore
from restores.models import Restore
from restores.pages.permitted import visible_restore
from restores.pages.servers import server_label
from restores.replacing.approval import approve_restore


@dataclass(frozen=True)
class Act:
    """`button` is what the page's button and its title say."""

    name: str
    permission: str
    verb: Callable[..., None]
    title: str | Promise
    button: str | Promise
    is_danger: bool = True

    def is_possible(self, restore: Restore) -> bool:
        if self.name == "approve":
            return restore.status == Restore.Status.AWAITING_APPROVAL
        if restore.kept_id is None or restore.errand:
            return False
        return self.name == "confirm" or restore.status == Restore.Status.COMPLETED

    def is_for(self, user: User, restore: Restore) -> bool:
        """Whether the restore's page offers it to this person."""
        own = self.name == "approve" and restore.created_by_id in (None, user.pk)
        return self.is_possible(restore) and not own and user.may(self.permission, restore.company)


ACTS = (
    Act(
        name="approve",
        permission="restores.approve_restore",
        verb=approve_restore,
        title=_("Approve this replacement?"),
        button=_("Approve"),
        is_danger=False,
    ),
    Act(
        name="undo",
        permission="restores.undo_restore",
        verb=undo_restore,
        title=_("Bring the old database back?"),
        button=_("Undo the replacement"),
    ),
    Act(
        name="confirm",
        permission="restores.confirm_restore",
        verb=confirm_restore,
        title=_("Drop what is kept?"),
        button=_("Drop it"),
    ),
)
BY_NAME = {act.name: act for act in ACTS}


@require_http_methods(["GET", "HEAD", "POST"])
def restore_act(request: HttpRequest, restore_id: str, act: str) -> HttpResponseBase:
    user = person(request)
    restore = visible_restore(user, restore_id)
    must_have(user, BY_NAME[act].permission, restore.company)
    return _asked(request, user, restore, BY_NAME[act])


@require_recent
def _asked(request: HttpRequest, user: User, restore: Restore, act: Act) -> HttpResponse:
    if request.method != "POST":
        if not act.is_possible(restore):
            return redirect("restores:detail", restore_id=restore.pk)
        server = server_label(restore.server)
        context = {"restore": restore, "act": act, "server": server}
        return render(request, "restores/act.html", context)
    try:
        act.verb(restore=restore, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.info(request, str(error))
    return redirect("restores:detail", restore_id=restore.pk)
