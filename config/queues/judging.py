"""When a cluster of the queue is taken for stuck. No clock but the one handed in, no database."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Limits:
    """All in seconds. `patience` is how long work may wait for a worker that is free."""

    patience: float = 60.0

    @property
    def grace(self) -> float:
        """How long a new cluster is not judged."""
        return self.patience * 1.5

    @property
    def canary_every(self) -> float:
        return self.patience / 2

    @property
    def longest_look(self) -> float:
        return self.patience * 2

    @property
    def look_every(self) -> float:
        return self.patience / 20


@dataclass(frozen=True)
class Sight:
    """What one look saw: seconds that a task and the canary have waited, and free workers."""

    task: float
    canary: float
    free: int


class Judge:
    """Looks at one cluster over time. `now` is in seconds of a clock that is never set."""

    def __init__(self, limits: Limits, *, now: float) -> None:
        self._limits = limits
        self._began = now
        # While nobody is free, and while the database cannot be asked, nothing need happen.
        self._excused = now

    def excuse(self, *, now: float) -> None:
        self._excused = now

    def judge(self, sight: Sight, *, now: float) -> str:
        """Why the cluster has to be started anew, or nothing."""
        if sight.free <= 0:
            self.excuse(now=now)
        patience = self._limits.patience
        if now - self._began < self._limits.grace or now - self._excused <= patience:
            return ""
        if sight.canary > patience:
            return _("a canary did not come through in %d s") % sight.canary
        if sight.task > patience:
            return _("a task was not taken in %d s") % sight.task
        return ""
