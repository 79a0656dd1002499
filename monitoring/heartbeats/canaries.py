"""Canaries: a small task through a cluster, end to end, whose arrival is its queue's beat.

A cluster can look ready and run nothing; only a task that came through tells. Each goes to the
one cluster that it is to prove: with several of them, another one's life says nothing.
"""

from django_q.tasks import async_task

from monitoring.heartbeats.services import beat
from monitoring.queue.broker import address


def send_canary(*, queue: str, cluster: str) -> None:
    """Sent by the watch of the cluster, which sees it acknowledged or ends the cluster."""
    async_task(
        "monitoring.heartbeats.canaries.arrive",
        queue,
        cluster=address(queue=queue, cluster=cluster),
        # Its beat is all that has to be kept of it.
        save=False,
    )


def arrive(queue: str) -> None:
    """What the worker does with a canary."""
    beat(name=f"queue-{queue}")
