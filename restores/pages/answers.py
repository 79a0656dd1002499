"""What a page that asks for a restore has to show: what was found, or what refused it."""

from collections.abc import Sequence
from dataclasses import dataclass

from backups.engines import PreflightCheck
from backups.pages.failures import Failure
from restores.requesting import Wish


@dataclass(frozen=True)
class Answer:
    """What was found for a wish, or what refused it."""

    wish: Wish | None = None
    checks: Sequence[PreflightCheck] = ()
    failure: Failure | None = None
    # Why the last word was not accepted.
    mistyped: str = ""
    status: int = 200

    @property
    def is_possible(self) -> bool:
        return self.level in ("ok", "warning")

    @property
    def owners_are_in_the_way(self) -> bool:
        """Whether it would go on without the source's owners."""
        return any(check.code == "roles" and check.level == "blocking" for check in self.checks)

    @property
    def level(self) -> str:
        """The worst of what was found; empty when nothing was looked at."""
        found = {check.level for check in self.checks}
        return next((level for level in ("blocking", "warning", "ok") if level in found), "")
