"""`Idempotency-Key`: a request that is sent again makes nothing new.

One key of one actor stands for one request, for a day by the database's clock.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.models import User
from backups.errors import BackupError, BadOption, KeyReused
from backups.models import AnsweredRequest, Backup

KEPT = timedelta(days=1)
LONGEST = 200


@dataclass(frozen=True)
class Request:
    """One request under its key; `digest` is of its body."""

    user: User
    key: str
    digest: str

    def answer(self) -> AnsweredRequest | None:
        """What was answered before. Raises KeyReused when it was asked for something else."""
        fresh = AnsweredRequest.objects.filter(created_at__gt=Now() - KEPT)
        found = fresh.filter(user=self.user, key=self.key).first()
        if found is not None and found.digest != self.digest:
            raise KeyReused(_("This Idempotency-Key was used for another request."))
        return found

    def keep(self, backup: Backup, answer: dict[str, Any]) -> None:
        """To be called in the transaction that makes the backup. Raises SentTwice."""
        old = AnsweredRequest.objects.filter(user=self.user, key=self.key)
        old.filter(created_at__lte=Now() - KEPT).delete()
        try:
            AnsweredRequest.objects.create(
                user=self.user, key=self.key, digest=self.digest, backup=backup, answer=answer
            )
        except IntegrityError as error:
            raise SentTwice(_("This request is being answered already.")) from error


class SentTwice(BackupError):
    """The same request came a second time while the first was at work."""

    code = "already_running"
    status = 409


def read_request(*, user: User, key: str, body: Mapping[str, Any]) -> Request:
    """Raises BadOption for a key that is too long, or holds anything but printable ASCII."""
    if not key or len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        raise BadOption("Idempotency-Key", _("The key is a text of 1 to 200 printable characters."))
    text = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS)
    return Request(user, key, hashlib.sha256(text).hexdigest())


def forget_old_answers() -> int:
    """Called by the tick."""
    return AnsweredRequest.objects.filter(created_at__lte=Now() - KEPT).delete()[0]
