"""The tick's part in deposits: wake a worker for them, for a file may take hours to be read."""

from django.conf import settings

from monitoring.expected.deposits.taking import take_deposits
from monitoring.expected.rounds import ask_for_round, only_round

ASKED = "deposits"
LOCK = 0x6465706F  # one round at a time: two of them would publish the same file


def wake_deposits() -> bool:
    """Ask for a round each minute; whether one was asked for."""
    if settings.DEPOSITS_DIR is None or not settings.DEPOSITS_DIR.is_dir():
        return False
    task = "monitoring.expected.deposits.waking.run_round"
    return ask_for_round(name=ASKED, task=task)


def run_round() -> int:
    """What the worker does. While another round is at work, nothing."""
    with only_round(LOCK) as alone:
        return take_deposits() if alone else 0
