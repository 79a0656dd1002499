"""Why a socket or stream is refused or ended: a stable code, and how each protocol says it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class LiveError(Exception):
    """`close` is the WebSocket's close code, `status` the HTTP status of a stream."""

    code: str
    sentence: str | Promise
    close: int
    status: int
    # Seconds, for who may come again after a while; 0: not said.
    retry_after = 0

    def __str__(self) -> str:
        return str(self.sentence)


class NotAuthenticated(LiveError):
    code = "not_authenticated"
    sentence = _("Log in, or send a valid token.")
    close = 4401
    status = 401


class ForeignOrigin(LiveError):
    code = "foreign_origin"
    sentence = _("A page of another site may not listen with your login.")
    close = 4403
    status = 403


class NotAllowed(LiveError):
    """The right to see it was withdrawn while the connection was open."""

    code = "not_allowed"
    sentence = _("You may not see this any more.")
    close = 4403
    status = 403


class NotFound(LiveError):
    """Alike for what does not exist and what the actor may not see."""

    code = "not_found"
    sentence = _("There is nothing here to follow.")
    close = 4404
    status = 404


class Restarting(LiveError):
    """The server process ends: come again, to the next one."""

    code = "restarting"
    sentence = _("The server restarts. Connect again.")
    close = 1012
    status = 503


class Unavailable(LiveError):
    """The database is away: come again."""

    code = "unavailable"
    sentence = _("The server cannot read its database now. Try again.")
    close = 1013
    status = 503


class RightsChanged(LiveError):
    """One sees more or less than before: come again, and be told what one sees now."""

    code = "rights_changed"
    sentence = _("What you may see has changed. Connect again.")
    close = 1012
    status = 503


class TooManyConnections(LiveError):
    """More are open for this person, or from this address, than the installation allows."""

    code = "too_many_connections"
    sentence = _("Too many live connections are open. Close some of them.")
    close = 4429
    status = 429
    retry_after = 30


class Throttled(LiveError):
    """Too many tries in this minute, as the API counts them."""

    code = "throttled"
    sentence = _("Too many requests. Try again in a minute.")
    close = 4429
    status = 429
    retry_after = 60


class MessageTooBig(LiveError):
    """Nothing is expected from who listens."""

    code = "message_too_big"
    sentence = _("The message is too big.")
    close = 1009
    status = 413


class TooSlow(LiveError):
    """What lies ready was not taken for a minute."""

    code = "too_slow"
    sentence = _("You did not take what was sent. Connect again.")
    close = 1013
    status = 503


class BadOption(LiveError):
    code = "bad_option"
    sentence = _("There is no such kind of file.")
    close = 4400
    status = 400
