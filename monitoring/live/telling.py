"""A reader's whole stay, the same for a WebSocket and an event stream: greeted, told, let go."""

from collections.abc import Awaitable, Callable
from typing import Any

from monitoring.live.admission import Admission
from monitoring.live.channels import Channel
from monitoring.live.following import Subscription
from monitoring.live.hub import hub
from monitoring.live.mailbox import Mailbox, Say
from monitoring.live.messages import established, reset


async def tell_to_the_end(
    channel: Channel,
    admission: Admission,
    *,
    way: str,
    greet: Callable[[Any], Awaitable[None]],
    say: Say,
    give_up: Callable[[], object] = lambda: None,
) -> None:
    """`greet` says a message of the beginning in the reader's form, `say` a state; `give_up` ends
    a reader that takes nothing. Raises what they raise, and LiveError."""
    there, mailbox, start = hub(), Mailbox(), admission.start
    with there.presence.present(
        channel=channel.name,
        way=way,
        user=admission.user,
        address=admission.address,
        others=admission.others,
    ):
        there.came(channel.name, way, user=admission.user, resumes=admission.resumes)
        await greet(established(start.established))
        if start.is_reset:
            await greet(reset(start.established))
        subscription = Subscription(start.topic, mailbox, admission.credential, give_up)
        there.subscribe(subscription)
        try:
            await mailbox.tell(say)
        finally:
            there.unsubscribe(subscription)
