"""Mail by SMTP, in text and HTML. The Message-ID is the same in every attempt.

One conversation for all recipients. Django's own backend keeps silent about those that the
server refuses while it takes others, and calls a failed goodbye a failed mail.
"""

import base64
import smtplib
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from access.redaction import redact
from monitoring.alerts.carriers.guard import refuse_inner
from monitoring.alerts.errors import BadOption, NotSent, Refused
from monitoring.alerts.wording import Wording

# For each step of the conversation; all of them stay below the queue's time-out.
TIMEOUT_SECONDS = 10
SCHEMES = {"smtp": 25, "smtps": 465, "smtp+tls": 587}


def send(recipients: list[str], address: str, key: str, wording: Wording) -> str:
    """By the server of the address, or by the installation's; returns whom it did not reach."""
    if not recipients:
        raise Refused(_("There are no recipients."))
    backend = _backend(address)
    message = compose(recipients, key, wording)
    try:
        backend.open()
        connection = backend.connection
        if connection is None:
            raise NotSent(_("The mail server does not answer."))
        built: Any = message.message()  # Django's own, which knows how a line ends
        refused = connection.sendmail(
            message.from_email, message.to, built.as_bytes(linesep="\r\n")
        )
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(
            _said(error.recipients), [code for code, _words in error.recipients.values()]
        )
    except smtplib.SMTPResponseException as error:
        raise _refusal(f"{error.smtp_code} {_text(error.smtp_error)}", [error.smtp_code])
    except ssl.SSLError as error:
        raise NotSent(_("No encrypted connection to the mail server: %s") % error) from error
    except TimeoutError as error:
        said = _("The mail server did not go on within %d s.") % TIMEOUT_SECONDS
        raise NotSent(said) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_("The mail server cannot be used: %s") % error) from error
    finally:
        _leave(backend)
    return _said(refused) if refused else ""


def compose(recipients: list[str], key: str, wording: Wording) -> EmailMultiAlternatives:
    sender = settings.DEFAULT_FROM_EMAIL
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    message = EmailMultiAlternatives(
        subject=wording.subject,
        body=wording.plain(),
        from_email=sender,
        to=recipients,
        headers={"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(
        render_to_string("alerts/mail.html", {"wording": wording}), "text/html"
    )
    return message


def check(address: str) -> None:
    """Whether a server of one's own can be used. Raises BadOption."""
    if not address:
        return
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in SCHEMES or not parts.hostname or port == -1:
        said = _("Write the mail server as smtp+tls://USER:PASSWORD@HOST:587.")
        raise BadOption("address", said)
    refuse_inner(parts.hostname)


def hide(said: str, address: str) -> str:
    """What a server said, without the password that it may have sent back, also as AUTH has it
    (RFC 4954 and 4616)."""
    parts = urlsplit(address or settings.ENVIRONMENT.email_url or "")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not password:
        return said
    forms = (password, f"\0{user}\0{password}")
    coded = [base64.b64encode(form.encode()).decode() for form in forms]
    return redact(said, secrets=[*coded, parts.password or "", password])


def _backend(address: str) -> EmailBackend:
    if not address:
        if not settings.ENVIRONMENT.email_url:
            said = _("No mail server is set: HOLDFAST_EMAIL_URL, or one of the channel's own.")
            raise NotSent(said)
        return EmailBackend(timeout=TIMEOUT_SECONDS)
    try:
        check(address)
    except BadOption as error:
        raise Refused(str(error)) from error
    parts = urlsplit(address)
    return EmailBackend(
        host=parts.hostname,
        port=parts.port or SCHEMES[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
        timeout=TIMEOUT_SECONDS,
    )


def _refusal(said: str, codes: list[int]) -> NotSent:
    """5xx is for good (RFC 5321, 4.2.1), unless it is about our login: that can be mended."""
    words = _("The mail server refused it: %s") % said
    if all(500 <= code < 600 for code in codes) and not {530, 534, 535} & set(codes):
        return Refused(words)
    return NotSent(words)


def _said(recipients: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{who}: {code} {_text(why)}" for who, (code, why) in recipients.items())


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


def _leave(backend: EmailBackend) -> None:
    """What was taken is taken: a goodbye that fails changes nothing."""
    try:
        backend.close()
    except (OSError, smtplib.SMTPException):
        pass
