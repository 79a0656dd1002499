"""What a message says: the same words for mail, chat and phone."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.models import Alert, Delivery

Kind = Delivery.Kind
MOST_IN_A_DIGEST = 100
_TONES = {"critical": "bad", "warning": "warn", "info": "none"}


@dataclass(frozen=True)
class Line:
    """One alert, as a message tells it. `tone` is a colour: good, bad, warn or none."""

    word: str
    tone: str
    subject: str
    text: str
    facts: list[tuple[str, str]]
    url: str


@dataclass(frozen=True)
class Wording:
    subject: str
    lines: list[Line] = field(default_factory=list)
    more: str = ""

    def plain(self) -> str:
        blocks = []
        for line in self.lines:
            facts = [f"{name}: {value}" for name, value in line.facts]
            parts = [f"{line.word}: {line.subject}", line.text, "\n".join(facts), line.url]
            blocks.append("\n\n".join(filter(None, parts)))
        return "\n\n---\n\n".join([*blocks, *filter(None, [self.more])]) + "\n"


def word(delivery: Delivery) -> Wording:
    if delivery.kind == Kind.TEST:
        return _test(delivery)
    if delivery.kind == Kind.DIGEST:
        return _digest(delivery)
    assert delivery.alert is not None
    line = _line(delivery.alert, Kind(delivery.kind))
    return Wording(f"[{line.word}] {_one_line(line.subject)}", [line])


def _test(delivery: Delivery) -> Wording:
    said = _("This is a test of the channel %(name)s.") % {"name": delivery.channel_name}
    text = _("When you read this, alerts reach you here.")
    line = Line(_("Test"), "good", said, text, [], absolute("/dashboard/alerts"))
    return Wording(f"[{line.word}] {_one_line(said)}", [line])


def _digest(delivery: Delivery) -> Wording:
    rows = delivery.gathered.select_related("alert__company").order_by("pk")
    latest: dict[int, Delivery] = {row.alert_id: row for row in rows if row.alert_id}
    alerts = [row.alert for row in latest.values() if row.alert is not None]
    alerts.sort(key=lambda alert: (not alert.is_open, alert.pk))
    lines = [_line(one, Kind.OPENED if one.is_open else Kind.RESOLVED) for one in alerts]
    count = sum(alert.is_open for alert in alerts)
    subject = ngettext("%(count)d alert is open", "%(count)d alerts are open", count)
    hidden = len(lines) - MOST_IN_A_DIGEST
    more = ngettext("And %(count)d more.", "And %(count)d more.", hidden) % {"count": hidden}
    return Wording(
        f"[Holdfast] {subject % {'count': count}}",
        lines[:MOST_IN_A_DIGEST],
        more if hidden > 0 else "",
    )


def _line(alert: Alert, kind: Kind) -> Line:
    is_over = kind == Kind.RESOLVED
    facts = [(_("About"), alert.about), (_("Company"), alert.company.name if alert.company else "")]
    facts.append((_("Since"), _moment(alert.first_seen_at)))
    if alert.count > 1:
        facts.append((_("Times"), str(alert.count)))
    if is_over and alert.resolved_at:
        facts.append((_("Over since"), _moment(alert.resolved_at)))
    words = {
        Kind.RESOLVED: _("Resolved"),
        Kind.REPEATED: _("Still %(severity)s") % {"severity": alert.get_severity_display().lower()},
        Kind.WORSE: _("Now %(severity)s") % {"severity": alert.get_severity_display().lower()},
    }
    return Line(
        word=words.get(kind, alert.get_severity_display()),
        tone="good" if is_over else _TONES[alert.severity],
        subject=alert.subject,
        text=alert.text,
        facts=[(name, value) for name, value in facts if value],
        url=absolute(f"/dashboard/alerts/{alert.pk}"),
    )


def absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def _moment(moment: object) -> str:
    local = timezone.localtime(moment)  # type: ignore[arg-type]  # a DateTimeField's value
    return f"{formats.date_format(local, 'D j N Y, H:i')} {local.tzname()}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
