"""What a code is: six digits of a phone (RFC 6238), or a recovery code on paper. No rows here."""

import base64
import hashlib
import hmac
import os
import secrets
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

DIGITS = 6
STEP_SECONDS = 30
# A phone's clock may be a step behind or ahead (RFC 6238, section 5.2), and no more.
STEPS_OFF = (0, -1, 1)
# The length of SHA-1's output (RFC 4226, section 4): what every phone's program takes.
KEY_BYTES = 20

RECOVERY_CODES = 10
# Without those that are taken for others on paper. Sixteen of them are 79 bits: a plain
# digest of one cannot be searched.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_LETTERS = 16


def new_key() -> str:
    """A key as phones take it: base32, without padding."""
    return base64.b32encode(os.urandom(KEY_BYTES)).decode()


def code_at(key: str, step: int) -> str:
    # What every phone's program makes; what SHA-1 lost does not touch its use in an HMAC.
    hashing = SHA1()  # noqa: S303 - RFC 6238
    return HOTP(base64.b32decode(key), DIGITS, hashing).generate(step).decode()


def step_of(key: str, code: str, now: float) -> int | None:
    """The step whose code this is, when it is now or next to now. All are compared always."""
    here = int(now) // STEP_SECONDS
    found = None
    for off in STEPS_OFF:
        if hmac.compare_digest(code_at(key, here + off), code):
            found = here + off
    return found


def new_recovery_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LETTERS))
    return "-".join(letters[at : at + 4] for at in range(0, RECOVERY_LETTERS, 4))


def plain(answer: str) -> str:
    """What a person typed, without the spaces and dashes that only help to read it."""
    return "".join(answer.split()).replace("-", "").lower()


def looks_like_code(answer: str) -> bool:
    return len(answer) == DIGITS and answer.isascii() and answer.isdigit()


def recovery_digest(user_id: int, answer: str) -> str:
    """What is kept of a recovery code; it is of this person only."""
    return hashlib.sha256(
        f"holdfast-recovery-code-1:{user_id}:{plain(answer)}".encode()
    ).hexdigest()


def readable(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


def key_uri(key: str, *, name: str, place: str) -> str:
    """The key as phones read it; the rest is what they show beside the code."""
    # A colon parts the two: neither may hold one.
    issuer, account = f"Holdfast {place}".replace(":", "-"), name.replace(":", "-")
    label = quote(f"{issuer}:{account}")
    query = urlencode({"secret": key, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def qr_code(uri: str) -> str:
    """As a picture: an SVG element without styles or scripts."""
    # Every process loads this module, and one page draws.
    import segno

    code = segno.make(uri, error="m", micro=False)
    return code.svg_inline(scale=4, light="#fff", title="otpauth", omitsize=True)
