"""The rehearsal's question: a phrase that only the recovery key can bring to light.

Only a digest of the phrase is kept, under SECRET_KEY: who reads the session reads no answer.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import pyrage
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from pyrage import x25519

LIFETIME = timedelta(minutes=30)
# Four words of two syllables: 50 bits, and readable aloud.
WORDS = 4
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"


@dataclass(frozen=True)
class Challenge:
    """`armored` is what the owner decrypts; `made_at` ISO 8601. Fit for a session or a cache."""

    public: str
    armored: str
    digest: str
    made_at: str

    @classmethod
    def of(cls, kept: Any) -> Self | None:
        """The challenge that was kept as `as_dict`, or None when there is none."""
        return cls(**kept) if isinstance(kept, dict) else None

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def is_answered_by(self, text: str) -> bool:
        return constant_time_compare(self.digest, _digest(text))

    def has_expired(self, *, now: datetime | None = None) -> bool:
        age = (now or timezone.now()) - datetime.fromisoformat(self.made_at)
        return not timedelta() <= age <= LIFETIME


def new_challenge(*, public: str, now: datetime | None = None) -> Challenge:
    phrase = " ".join(_word() for _number in range(WORDS))
    armored = pyrage.encrypt(
        f"{phrase}\n".encode(), [x25519.Recipient.from_str(public)], armored=True
    )
    return Challenge(
        public=public,
        armored=armored.decode().strip(),
        digest=_digest(phrase),
        made_at=(now or timezone.now()).isoformat(),
    )


def _word() -> str:
    return "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _half in range(2))


def _digest(text: str) -> str:
    """Case and spaces do not count: the phrase may be read out over a telephone."""
    return salted_hmac("backups.recovery.challenge", " ".join(text.lower().split())).hexdigest()
