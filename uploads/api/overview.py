"""`/api/uploads`: what comes in, its end and its second try; and what senders are allowed."""

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import NotAllowed, require
from backups.errors import BadOption
from storage.api.bodies import Body, Flag, Number, actor_of, read_body
from uploads.api.recordings import limit_of
from uploads.description import describe_listed, describe_quota, describe_sender, describe_status
from uploads.ending import end_session
from uploads.errors import NoSession
from uploads.limits import allow, quota_of
from uploads.models import UploadSession
from uploads.overview import FILTERS, SEES, list_senders, list_uploads, sender_for
from uploads.selectors import session_for
from uploads.sessions import retry_session

MOST_NUMBER = 2**31 - 1


class Limits(Body):
    """What is left out stays; null is as the installation has it."""

    most_mb = Number(min_value=0, max_value=MOST_NUMBER, allow_null=True, required=False)
    most_open = Number(min_value=0, max_value=MOST_NUMBER, allow_null=True, required=False)
    most_mb_a_day = Number(min_value=0, max_value=MOST_NUMBER, allow_null=True, required=False)
    deletes_recordings = Flag(required=False)


class UploadsView(APIView):
    def get(self, request: Request) -> Response:
        """An agent's own; a person's by role."""
        actor = actor_of(request)
        if actor.kind != User.Kind.AGENT:
            require(actor, "uploads.view_uploadsession")
        query = request.query_params
        which = query.get("state") or ""
        if which and which not in FILTERS:
            raise BadOption("state", _("state is one of %s.") % ", ".join(FILTERS))
        try:
            after, limit = query.get("cursor") or "", limit_of(query.get("limit"))
            page = list_uploads(actor=actor, which=which, after=after, limit=limit)
        except NoSession as error:
            raise BadOption("cursor", _("This is no cursor.")) from error
        kept = [(name, value) for name, value in query.items() if name != "cursor"]
        following = f"?{urlencode([*kept, ('cursor', page.next)])}"
        return Response(
            {
                "results": [describe_listed(one) for one in page.results],
                "next": request.build_absolute_uri(following) if page.next else None,
                "previous": None,
                "count": None,
            }
        )


class StoreView(APIView):
    def post(self, request: Request, session_id: str) -> Response:
        """Store again what could not be stored, while its bytes are here."""
        return _act(request, session_id, retry_session, status=202)


class EndView(APIView):
    def post(self, request: Request, session_id: str) -> Response:
        return _act(request, session_id, end_session, status=200)


class QuotaView(APIView):
    def get(self, request: Request) -> Response:
        return Response(describe_quota(quota_of(actor_of(request))))


class SendersView(APIView):
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        if not actor.may(SEES):
            raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
        return Response({"results": [describe_sender(one) for one in list_senders(actor=actor)]})


class SenderView(APIView):
    def get(self, request: Request, agent_id: str) -> Response:
        found = sender_for(actor=actor_of(request), agent_id=agent_id)
        return Response(describe_sender(found))

    def put(self, request: Request, agent_id: str) -> Response:
        actor = actor_of(request)
        found = sender_for(actor=actor, agent_id=agent_id)
        wanted: dict[str, Any] = read_body(request, Limits)
        if wanted:
            allow(user=found.agent.user, actor=actor, **wanted)
        return Response(describe_sender(sender_for(actor=actor, agent_id=agent_id)))


def _act(request: Request, ref: str, verb: Any, *, status: int) -> Response:
    actor = actor_of(request)
    session: UploadSession = session_for(actor=actor, ref=ref)
    verb(session=session, actor=actor)
    return Response(describe_status(session_for(actor=actor, ref=str(session.pk))), status=status)
