"""Chats, phones and webhooks by apprise: one address each, of the services named here.

Apprise knows more: those that write files, talk to this machine, or need keys on its disk are
left out.
"""

import re
from urllib.parse import parse_qsl, quote, urlsplit

from django.utils.translation import gettext as _

from monitoring.alerts.carriers.guard import refuse_inner
from monitoring.alerts.errors import BadOption, NotSent, Refused
from monitoring.alerts.wording import Wording

# The provider's own hosts: the address names no other.
HOSTED = frozenset(
    (
        *("betterstack", "brevo", "discord", "gchat", "ilert", "incidentio", "mailgun"),
        *("opsgenie", "pagerduty", "pover", "pbul", "postmark", "sendgrid", "slack", "splunk"),
        *("squadcast", "sparkpost", "telnyx", "tgram", "threema", "twilio", "twist", "victorops"),
        *("vonage", "webex", "workflow", "workflows", "wxteams", "zoom", "zulip"),
    )
)
# One's own: the address names the host. With the name for TLS.
OF_A_HOST = frozenset(
    name + tls
    for tls in ("", "s")
    for name in ("form", "gotify", "json", "matrix", "mmost", "nctalk", "ntfy", "rocket", "xml")
)
WEBHOOKS = ("json", "jsons", "xml", "xmls", "form", "forms")


def send(address: str, key: str, wording: Wording) -> str:
    try:
        check(address)
    except BadOption as error:
        raise Refused(str(error)) from error
    # Here: it takes a fifth of a second, which each start of a process would pay.
    from monitoring.alerts.carriers.by_apprise import notify

    tone = wording.lines[0].tone if wording.lines else "none"
    taken, said = notify(_with_key(address, key), wording.subject, wording.plain(), tone)
    if not taken:
        raise NotSent(_("The service did not take it: %s") % _cleaned(said, address))
    return ""


def check(address: str) -> None:
    """Whether a message can be sent there, as far as the address tells. Raises BadOption."""
    scheme, _colon, _rest = address.partition("://")
    scheme = scheme.lower()
    if scheme not in HOSTED | OF_A_HOST:
        said = _("%(scheme)s is not a service that alerts can be sent to. Known are: %(known)s.")
        known = ", ".join(sorted(HOSTED | OF_A_HOST))
        raise BadOption("address", said % {"scheme": scheme[:40] or "?", "known": known})
    try:
        parts = urlsplit(address)
        # A host is no file: only its own name may stand before the first slash.
        host = parts.hostname or ""
    except ValueError as error:
        raise BadOption("address", _("The address cannot be read.")) from error
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name.lower() == "template" or value.lower().startswith(("/", "~", "file:")):
            raise BadOption("address", _("An address must not name files: %s") % name[:40])
    if scheme in OF_A_HOST:
        refuse_inner(host)
    from monitoring.alerts.carriers.by_apprise import sender_for

    if not len(sender_for(address)):
        raise BadOption("address", _("Something is missing in this address: %s") % scheme)


def _with_key(address: str, key: str) -> str:
    """A webhook gets the message's key as a header, by which it knows a second one."""
    if urlsplit(address).scheme.lower() not in WEBHOOKS:
        return address
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}%2BIdempotency-Key={quote(key)}"


def _cleaned(said: str, address: str) -> str:
    """What apprise said, without any piece of the address: any of them may be a secret."""
    for piece in sorted(set(re.split(r"[:/@?&=]+", address)), key=len, reverse=True):
        if len(piece) >= 6:
            said = said.replace(piece, "•••")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " ".join(dict.fromkeys(lines))[-500:] or _("it gave no reason")
