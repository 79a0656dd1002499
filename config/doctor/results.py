"""What a check answers, and how the checks are run: a broken one is a finding, too."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import psycopg
from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.env import Environment
from config.places import Places


class Level(TextChoices):
    OK = "ok", gettext_lazy("ok")
    WARNING = "warning", gettext_lazy("warning")
    BAD = "bad", gettext_lazy("bad")


@dataclass(frozen=True)
class Result:
    """One finding. `mend` says what to do about it, and is empty when all is well."""

    name: str
    level: Level
    found: str
    mend: str = ""


def ok(name: str, found: str) -> Result:
    return Result(name, Level.OK, found)


def warning(name: str, found: str, mend: str) -> Result:
    return Result(name, Level.WARNING, found, mend)


def bad(name: str, found: str, mend: str) -> Result:
    return Result(name, Level.BAD, found, mend)


class Examination:
    """What the checks share: where to look, and whether the database can be asked."""

    def __init__(self, places: Places, environment: Environment) -> None:
        self.places = places
        self.environment = environment

    @cached_property
    def database_error(self) -> str | None:
        """None when the database answers, else its words."""
        # Not through the pool, which tries again for a while before it gives up.
        parameters = {**connection.get_connection_params(), "connect_timeout": 5}
        try:
            psycopg.connect(**parameters).close()
        except psycopg.Error as error:
            lines = str(error).strip().splitlines()
            return lines[0] if lines else type(error).__name__
        return None


Check = Callable[[Examination], Iterable[Result]]


def run_checks(checks: Iterable[tuple[str, Check]], examination: Examination) -> list[Result]:
    found: list[Result] = []
    for name, check in checks:
        try:
            found.extend(check(examination))
        except Exception as error:  # noqa: BLE001  # one broken part must not hide the others
            found.append(
                bad(
                    name,
                    _("This could not be checked: %(kind)s: %(error)s")
                    % {"kind": type(error).__name__, "error": error},
                    _("Mend what is reported above first; if it stays, report it as a fault."),
                )
            )
    return found
