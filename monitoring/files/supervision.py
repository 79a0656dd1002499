"""The supervisor of one run: a runner process beside it, the claim kept, the end enforced.

The runner leads a session of its own and dies with its supervisor; its tools die with it. A
supervisor that cannot renew its lease ends its runner before the lease does.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from faults import reach
from monitoring.files.claims import LEASE, Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.endings import cancelled, fail_run, lose_run, remove_leftovers
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.stages import standard_stage

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.4
RENEW_SECONDS = 5.0
# What is left of a lease when the runner is ended: time enough for it to be gone.
MARGIN_SECONDS = 10.0
GRACE_SECONDS = 2.0
PARENT_VARIABLE = "HOLDFAST_SUPERVISOR"


def supervise(claim: Claim) -> None:
    """Have the claimed run carried out by a runner, to its end or to ours."""
    watch = Watch(claim)
    with _runner(claim) as runner:
        reach("supervisor.started")
        with watch.keeping():
            while runner.poll() is None and not watch.verdict():
                try:
                    runner.wait(LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
    _settle(claim, watch, runner.returncode)


class Watch:
    """Renews the lease and looks at the row from a thread: a hanging database blocks nobody."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._renewed = time.monotonic()
        self._ended = threading.Event()
        self.lost = False
        self.failure: Failure | None = None

    def verdict(self) -> bool:
        """Whether the runner has to be ended now."""
        if time.monotonic() - self._renewed > LEASE.total_seconds() - MARGIN_SECONDS:
            self.lost = True
        return self.lost or self.failure is not None

    @contextmanager
    def keeping(self) -> Iterator[None]:
        thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(GRACE_SECONDS)

    def _keep(self) -> None:
        renew_at = time.monotonic() + RENEW_SECONDS
        while not self._ended.wait(LOOK_SECONDS):
            try:
                now = time.monotonic()
                if now >= renew_at:
                    self._claim.renew()
                    self._renewed, renew_at = now, now + RENEW_SECONDS
                self.failure = self._look()
            except ClaimLost:
                self.lost = True
            except Exception as error:  # noqa: BLE001 - the deadline decides, not the error
                log.warning("lease_not_renewed", file=str(self._claim.file_id), error=str(error))
                connection.close()
            if self.lost or self.failure:
                break
        connection.close()

    def _look(self) -> Failure | None:
        silent = ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())
        file = self._claim.rows().annotate(silent=silent).first()
        if file is None and self._has_ended():
            # The outcome is written; what comes after it the runner does until the next renewal.
            return None
        if file is None:
            raise ClaimLost("Another worker has taken over.")
        if file.cancelled_by:
            return cancelled(file)
        return _stalled(file, file.silent)

    def _has_ended(self) -> bool:
        ended = (TrackedFile.Status.COMPLETED, TrackedFile.Status.FAILED)
        rows = TrackedFile.objects.filter(pk=self._claim.file_id, attempt=self._claim.attempt)
        return rows.filter(status__in=ended, cancelled_by="").exists()


def _stalled(file: TrackedFile, silent: timedelta | None) -> Failure | None:
    """Silence, not duration, fails a run; how long it may last is the stage's."""
    running = Stage.objects.filter(file=file, status=Stage.Status.IN_PROGRESS)
    key = running.values_list("key", flat=True).first()
    if silent is None or key is None:
        return None
    limit = standard_stage(file.kind, key).stall_seconds
    if silent.total_seconds() < limit:
        return None
    words = _("No sign of life for %(seconds)d seconds in the stage %(stage)s.")
    return Failure("timeout", words % {"seconds": limit, "stage": key})


@contextmanager
def _runner(claim: Claim) -> Iterator["subprocess.Popen[bytes]"]:
    """The runner for the length of the block; what is left of its group is ended then."""
    process = subprocess.Popen(
        [
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *(sys.executable, str(settings.BASE_DIR / "manage.py"), "run_file"),
            *(str(claim.file_id), str(claim.attempt)),
        ],
        env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask, so that it cleans up; then kill the group. Its tools are tied to it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _how_it_ended(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def _settle(claim: Claim, watch: Watch, status: int) -> None:
    """Write the end that the runner did not write."""
    reach("supervisor.settling")
    if watch.failure is not None:
        fail_run(claim=claim, failure=watch.failure)
    else:
        # Nothing happens when the runner has written its outcome: then the claim is gone.
        lose_run(claim=claim, how=_how_it_ended(status))
    log.info("run_ended", file=str(claim.file_id), attempt=claim.attempt, status=status)
    remove_leftovers(file_id=claim.file_id)
