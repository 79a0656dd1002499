"""Who comes in: the proof, the limits, and where the reader starts. The same for both ways."""

from dataclasses import dataclass, field

from access.models import User
from access.throttling import count_request
from monitoring.files.stages import Kind
from monitoring.live.access import Credential, identify
from monitoring.live.channels import Channel, Start, Wish
from monitoring.live.errors import BadOption, NotAuthenticated, Throttled
from monitoring.live.presence import Others, others_of
from monitoring.live.tickets import redeem_ticket


@dataclass(frozen=True)
class Knock:
    """What of a request matters here. `must_have_origin`: a browser always names it there."""

    channel: Channel
    wish: Wish
    address: str
    host: str
    authorization: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    ticket: str = field(default="", repr=False)
    origin: str | None = None
    must_have_origin: bool = False


@dataclass(frozen=True)
class Admission:
    credential: Credential
    user: int
    address: str
    start: Start
    others: Others
    # It comes back after a cut.
    resumes: bool = False


def admit(knock: Knock) -> Admission:
    """Runs in a thread. Raises LiveError."""
    try:
        user, credential = _who(knock)
    except NotAuthenticated:
        # As with the API, what is no proof counts for its address.
        if not count_request(address=knock.address):
            raise Throttled from None
        raise
    if not count_request(address=knock.address, user=user.pk, token=credential.token_id):
        raise Throttled
    if any(kind not in Kind.values for kind in knock.wish.kinds):
        raise BadOption
    return Admission(
        credential=credential,
        user=user.pk,
        address=knock.address,
        start=knock.channel.start(user, knock.wish),
        others=others_of(user=user.pk, address=knock.address),
        resumes=bool(knock.wish.since),
    )


def _who(knock: Knock) -> tuple[User, Credential]:
    if knock.ticket:
        # It is a proof by itself, also on a page of another site: no cookie is looked at.
        ticket = redeem_ticket(text=knock.ticket, stream=knock.channel.stream_of(knock.wish))
        credential = Credential(session=ticket.session_key, token_id=ticket.token_id)
        return credential.actor(), credential
    return identify(
        authorization=knock.authorization,
        session=knock.session,
        origin=knock.origin,
        host=knock.host,
        must_have_origin=knock.must_have_origin,
    )
