"""Who else is at work with backups: apps above this one say so, registered at start."""

from collections.abc import Callable

from django.db.models import QuerySet

from backups.models import Backup

AnyInUse = Callable[[QuerySet[Backup]], bool]

_questions: list[AnyInUse] = []


def register_use(question: AnyInUse) -> None:
    """`question` is asked in a transaction, before these backups are deleted."""
    _questions.append(question)


def any_in_use(backups: QuerySet[Backup]) -> bool:
    return any(question(backups) for question in _questions)
