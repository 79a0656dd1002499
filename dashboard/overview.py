"""The overview: one answer first, then numbers, what runs now, and every database."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from access.models import User
from backups.models import Backup
from backups.pages.course import courses_of
from backups.pages.permitted import must_have, person
from backups.recovery.state import key_state, may_manage
from backups.standing import COUNTS, Standing, standings, unsafe
from controlplane.selectors import standing as own_standing
from look.units import NOTHING, duration, size
from restores.selectors import awaiting_approval

DAY = timedelta(hours=24)
REASONS_SHOWN = 4


@dataclass(frozen=True)
class Reason:
    """One line of the answer; `url` leads to the backup it speaks of."""

    text: str
    name: str = ""
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """`tone` is a colour class; `part` of the ring is filled, in percent."""

    tone: str
    sentence: str
    reasons: list["Reason"]
    safe: int
    all: int
    action: str = ""
    url: str = ""

    @property
    def part(self) -> int:
        return round(100 * self.safe / self.all) if self.all else 0


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    more: str


@require_safe
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return redirect("dashboard:overview")


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "backups.view_database")
    found = standings(actor=user)
    running = courses_of(
        Backup.objects.visible_to(user)
        .filter(status__in=[Backup.Status.PENDING, Backup.Status.RUNNING])
        .select_related("database", "file")
        .prefetch_related("file__stages")
        .order_by("created_at")[:20]
    )
    context = {
        "answer": answer(found, user),
        "tiles": tiles(found, user),
        "awaiting": awaiting_approval(actor=user),
        "running": running,
        "standings": found,
        "polls": bool(running),
    }
    live = "X-Live" in request.headers
    template = "dashboard/overview_live.html" if live else "dashboard/overview.html"
    return render(request, template, context)


def answer(found: list[Standing], user: User) -> Answer:
    """Safe means here: a checked backup within its promise, and a recovery key that was tried."""
    not_safe = unsafe(found)
    safe = len(found) - len(not_safe)
    if not found:
        may_add = user.may("backups.add_database")
        return Answer(
            tone="none",
            sentence=_("No database is backed up yet."),
            reasons=[Reason(_("Add the connection to one, then make its first backup."))],
            safe=0,
            all=0,
            action=_("Add a database") if may_add else "",
            url=reverse("backups:database-new") if may_add else "",
        )
    if not not_safe:
        return _all_good(found, user)
    # What runs may mend itself: what needs a person comes first.
    not_safe.sort(key=lambda standing: standing.is_running)
    reasons = [_reason(standing) for standing in not_safe[:REASONS_SHOWN]]
    hidden = len(not_safe) - REASONS_SHOWN
    if hidden > 0:
        more = ngettext("And one more.", "And %(count)s more.", hidden) % {"count": hidden}
        reasons.append(Reason(more))
    action, url = _mend(not_safe[0], user)
    return Answer(
        tone="running" if all(standing.is_running for standing in not_safe) else "warn",
        sentence=ngettext(
            "One database is not safe.", "%(count)s databases are not safe.", len(not_safe)
        )
        % {"count": len(not_safe)},
        reasons=reasons,
        safe=safe,
        all=len(found),
        action=action,
        url=url,
    )


def _all_good(found: list[Standing], user: User) -> Answer:
    proven = [s for s in found if s.good and s.good.validation == Backup.Validation.PROVEN]
    is_proven = len(proven) == len(found)
    key = [*_key_reason(user), *_own_reason(user)]
    return Answer(
        tone="warn" if key else "proven" if is_proven else "good",
        sentence=_proven_sentence(len(found)) if is_proven else _good_sentence(len(found)),
        reasons=[*key, _proof(len(proven), len(found)), _young()],
        safe=len(found),
        all=len(found),
        action=key[0].name if key and key[0].url else "",
        url=key[0].url if key else "",
    )


def _proven_sentence(count: int) -> str:
    return ngettext(
        "The database is proven to restore.",
        "All %(count)s databases are proven to restore.",
        count,
    ) % {"count": count}


def _good_sentence(count: int) -> str:
    return ngettext(
        "The database has a good backup.", "All %(count)s databases have a good backup.", count
    ) % {"count": count}


def _young() -> Reason:
    return Reason(_("Each within its promise; the stored bytes were read back and are whole."))


def _proof(proven: int, count: int) -> Reason:
    if proven == count:
        return Reason(_("Restored into a throw-away server, and compared with what was dumped."))
    if not proven:
        return Reason(_("Good is not proven: no backup was restored and compared yet."))
    return Reason(
        _("%(proven)s of %(count)s are proven: restored, and compared with what was dumped.")
        % {"proven": proven, "count": count}
    )


def _key_reason(user: User) -> list[Reason]:
    """What is missing before the backups help on the day that this server is gone."""
    state = key_state()
    if state.is_ready:
        return []
    text = _("nobody has tried a copy of it. Without one, who loses this server loses the backups.")
    if not state.is_downloaded:
        text = _("it was never downloaded. Who loses this server loses the backups with it.")
    url = reverse("backups:recovery-key") if may_manage(user) else ""
    return [Reason(text, name=_("Recovery key"), url=url)]


def _own_reason(user: User) -> list[Reason]:
    """Good backups of which nobody knows any more help only who has the time to look for them."""
    found = own_standing()
    if not found.is_stale:
        return []
    text = _("there is none of the last two days. With this machine its records would be lost.")
    url = reverse("controlplane:sets") if may_manage(user) else ""
    return [Reason(text, name=_("Holdfast's own backup"), url=url)]


def _reason(standing: Standing) -> Reason:
    newest = standing.newest
    url = reverse("backups:detail", args=[newest.pk]) if newest else ""
    return Reason(text=standing.reason, name=standing.database.name, url=url)


def _mend(standing: Standing, user: User) -> tuple[str, str]:
    newest = standing.newest
    if newest and (newest.error or standing.is_running):
        words = _("Watch it") if standing.is_running else _("See what to do")
        return words, reverse("backups:detail", args=[newest.pk])
    if user.may("backups.add_backup", standing.database.company):
        return _("Back up now"), f"{reverse('backups:list')}?new={standing.database.pk}"
    return "", ""


def tiles(found: list[Standing], user: User) -> list[Tile]:
    visible = Backup.objects.visible_to(user)
    completed = Q(status=Backup.Status.COMPLETED)
    ended = visible.filter(completed_at__gt=Now() - DAY)
    day = ended.aggregate(
        all=Count("pk"), good=Count("pk", filter=completed & Q(validation__in=COUNTS))
    )
    kept = visible.filter(completed).aggregate(count=Count("pk"), bytes=Sum("size_bytes"))
    oldest = max(
        (standing for standing in found if standing.good_age is not None),
        key=lambda standing: standing.good_age or timedelta(),
        default=None,
    )
    slowest = ended.filter(completed).order_by((F("completed_at") - F("started_at")).desc())
    return [
        Tile(
            _("Oldest good backup"),
            duration(oldest.good_age) if oldest else NOTHING,
            _promised(oldest) if oldest else _("none yet"),
        ),
        Tile(
            _("Last 24 hours"),
            _("%(good)s of %(all)s good") % day if day["all"] else NOTHING,
            ngettext("%(count)s backup ended", "%(count)s backups ended", day["all"])
            % {"count": day["all"]},
        ),
        _slowest(slowest.select_related("database").first()),
        Tile(
            _("Stored"),
            size(kept["bytes"] or 0),
            ngettext("in %(count)s backup", "in %(count)s backups", kept["count"])
            % {"count": kept["count"]},
        ),
    ]


def _promised(standing: Standing) -> str:
    left = standing.promised_until - standing.now
    words = _("%(name)s · next in %(time)s") if left > timedelta() else _("%(name)s · overdue")
    return words % {"name": standing.database.name, "time": duration(abs(left))}


def _slowest(backup: Backup | None) -> Tile:
    if backup is None or not backup.completed_at or not backup.started_at:
        return Tile(_("Slowest backup of the day"), NOTHING, _("none yet"))
    return Tile(
        _("Slowest backup of the day"),
        duration(backup.completed_at - backup.started_at),
        backup.database.name,
    )
