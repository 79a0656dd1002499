"""What a bucket's target may say of itself: checked before it is saved.

Light on purpose: forms and the API read this, and need none of the library.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from access.inner_hosts import is_inner, is_never_meant
from storage.errors import InnerHost
from storage.keys import is_key

# What can be read at once: the archive classes cannot, and each backup is read back.
STORAGE_CLASSES: tuple[str, ...] = (
    *("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"),
    "REDUCED_REDUNDANCY",
)
ENCRYPTIONS: tuple[str, ...] = ("AES256", "aws:kms")
LOCK_MODES: tuple[str, ...] = ("GOVERNANCE", "COMPLIANCE")
MOST_LOCK_DAYS: int = 3650
LEAST_PART_MB: int = 5
MOST_PART_MB: int = 2048
LONGEST_CERTIFICATE: int = 100_000

DEFAULTS: dict[str, Any] = {
    "endpoint": "",
    "region": "",
    "bucket": "",
    "prefix": "",
    "access_key": "",
    "path_style": False,
    "storage_class": "",
    "encryption": "",
    "kms_key": "",
    "verify_tls": True,
    "ca_certificate": "",
    "part_mb": 0,
    "lock_days": 0,
    "lock_mode": "GOVERNANCE",
}
# What lies there would be lost from sight.
FIXED = frozenset({"bucket", "prefix"})
# Where the secret is sent to, or what for: given for another, it is to be given again.
SENT_TO = frozenset({"endpoint", "region", "access_key", "verify_tls", "ca_certificate"})

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_PLAIN = re.compile(r"[!-~]*")
_REGION = re.compile(r"[A-Za-z0-9-]{0,40}")


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """All options, with defaults for those not given. Raises ValidationError, by field."""
    found = {**DEFAULTS, **given}
    wrong: dict[str, str] = {}
    for name in set(found) - set(DEFAULTS):
        wrong[name] = _("A bucket has no such option.")
    for name, value in found.items():
        if name in DEFAULTS and type(value) is not type(DEFAULTS[name]):
            wrong[name] = _("This is no value for it.")
    if not wrong:
        found["endpoint"] = found["endpoint"].rstrip("/")
        found["prefix"] = found["prefix"].strip("/")
        wrong = {name: said for name, said in _findings(found) if said}
    if wrong:
        raise ValidationError(wrong)
    return found


def _findings(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    def unless(is_right: bool, said: str) -> str:
        return "" if is_right else said

    one_of = _("One of: %(known)s.")
    part, lock = found["part_mb"], found["lock_days"]
    return [
        ("bucket", unless(bool(_BUCKET.fullmatch(found["bucket"])), _("Give the bucket's name."))),
        ("endpoint", _endpoint_finding(found["endpoint"])),
        ("region", unless(bool(_REGION.fullmatch(found["region"])), _("This is no region."))),
        (
            "prefix",
            unless(
                not found["prefix"] or (is_key(found["prefix"]) and len(found["prefix"]) <= 200),
                _("Letters, digits, dot, dash and underscore, parted by slashes."),
            ),
        ),
        ("access_key", _key_finding(found["access_key"])),
        ("kms_key", unless(bool(_PLAIN.fullmatch(found["kms_key"])), _("This is no key's id."))),
        (
            "kms_key",
            unless(
                not found["kms_key"] or found["encryption"] == "aws:kms",
                _("Only for the encryption aws:kms."),
            ),
        ),
        (
            "storage_class",
            unless(
                found["storage_class"] in ("", *STORAGE_CLASSES),
                one_of % {"known": ", ".join(STORAGE_CLASSES)},
            ),
        ),
        (
            "encryption",
            unless(
                found["encryption"] in ("", *ENCRYPTIONS),
                one_of % {"known": ", ".join(ENCRYPTIONS)},
            ),
        ),
        (
            "lock_mode",
            unless(found["lock_mode"] in LOCK_MODES, one_of % {"known": ", ".join(LOCK_MODES)}),
        ),
        ("lock_days", unless(0 <= lock <= MOST_LOCK_DAYS, _("From 0 to 3650 days."))),
        (
            "part_mb",
            unless(
                part == 0 or LEAST_PART_MB <= part <= MOST_PART_MB, _("0, or from 5 to 2048 MiB.")
            ),
        ),
        ("ca_certificate", _certificate_finding(found["ca_certificate"])),
    ]


def _endpoint_finding(endpoint: str) -> str:
    if not endpoint:
        return ""
    try:
        parts = urlsplit(endpoint)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return _("This is no address.")
    is_plain = bool(_PLAIN.fullmatch(endpoint)) and len(endpoint) <= 300
    if not is_plain or parts.scheme not in ("https", "http") or not parts.hostname:
        return _("Give it as https://HOST or https://HOST:PORT.")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path:
        return _("Only scheme, host and port belong here.")
    if not port_is_right:
        return _("This is no address.")
    try:
        refuse_inner(parts.hostname)
    except InnerHost as error:
        return str(error)
    return ""


def _key_finding(key: str) -> str:
    if not key or len(key) > 200 or not _PLAIN.fullmatch(key):
        return _("Give the access key's id.")
    return ""


def _certificate_finding(text: str) -> str:
    if not text:
        return ""
    import ssl

    if len(text) > LONGEST_CERTIFICATE:
        return _("This is no certificate.")
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return _("This is no certificate in PEM form.")
    return ""


def refuse_inner(host: str) -> None:
    """Raises InnerHost for an address of the networks around this machine, unless the operator
    allows them; asked when a target is saved, and before its host is connected to."""
    if is_never_meant(host):
        raise InnerHost(_("%(host)s is no address of a storage.") % {"host": host})
    if not settings.ENVIRONMENT.storage_inner_hosts and is_inner(host):
        said = _(
            "%(host)s is an address of an inner network. The server's operator can allow"
            " those: HOLDFAST_STORAGE_INNER_HOSTS=true"
        )
        raise InnerHost(said % {"host": host})
