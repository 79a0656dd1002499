"""The mail server from the environment: one address, or the parts of it as `SMTP_*`."""

from urllib.parse import quote

from environs import Env, validate

# By the port that each has by custom, where nothing is said.
_SCHEMES = {"off": "smtp", "starttls": "smtp+tls", "tls": "smtps"}
_CUSTOMARY = {465: "tls", 587: "starttls"}


def mail_address(env: Env) -> str | None:
    """``smtp+tls://USER:PASSWORD@HOST:587``: as it was given, or of `SMTP_HOST` and the others."""
    whole: str | None = env.str("HOLDFAST_EMAIL_URL", None)
    host: str | None = env.str("SMTP_HOST", None)
    port: int | None = env.int("SMTP_PORT", None, validate=validate.Range(1, 65535))
    user: str = env.str("SMTP_USER", "")
    password: str = env.str("SMTP_PASSWORD", "")
    how: str | None = env.str("SMTP_TLS", None, validate=validate.OneOf(list(_SCHEMES)))
    if whole or not host:
        return whole
    port = port or {"tls": 465, "starttls": 587}.get(how or "", 25)
    who = quote(user, safe="")
    if password:
        who = f"{who}:{quote(password, safe='')}"
    name = f"[{host}]" if ":" in host else host
    scheme = _SCHEMES[how or _CUSTOMARY.get(port, "off")]
    return f"{scheme}://{who}{'@' if who else ''}{name}:{port}"


def mail_sender(env: Env) -> str | None:
    named: str | None = env.str("HOLDFAST_EMAIL_FROM", None)
    other: str | None = env.str("SMTP_FROM", None)
    return named or other
