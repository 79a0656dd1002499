"""The standard stages of each kind of file, in order, with their part of the whole."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    BACKUP = "backup", _("Backup")


@dataclass(frozen=True)
class StandardStage:
    key: str
    name: str | Promise
    description: str | Promise
    weight: int


STAGES: dict[str, tuple[StandardStage, ...]] = {
    Kind.BACKUP: (
        StandardStage("dump", _("Dump"), _("Read, encrypt and write in one pass"), 70),
        StandardStage("store", _("Store"), _("Make the bytes durable and name them"), 5),
        StandardStage("validate", _("Check"), _("Read back what was stored, to its end"), 20),
        StandardStage("finalize", _("Finish"), _("Register the backup"), 5),
    )
}


def standard_stage(kind: str, key: str) -> StandardStage:
    return next(stage for stage in STAGES[kind] if stage.key == key)
