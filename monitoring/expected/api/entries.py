"""Entries: the list by keyset, those of one job, and one of them."""

import orjson
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import require
from monitoring.expected.api.query import entry_filters, limit_of, link
from monitoring.expected.entry_texts import VIEW
from monitoring.expected.selectors import Page, entry_for, job_for, list_entries


class EntriesView(APIView):
    def get(self, request: Request) -> Response:
        return _answer(request, job=None)


class JobEntriesView(APIView):
    def get(self, request: Request, job_id: str) -> Response:
        job = job_for(actor=_actor(request), job_id=job_id)
        return _answer(request, job=job.pk)


class EntryView(APIView):
    def get(self, request: Request, entry_id: str) -> Response:
        return Response(orjson.Fragment(entry_for(actor=_actor(request), entry_id=entry_id)))


def _answer(request: Request, *, job: int | None) -> Response:
    actor, query = _actor(request), request.query_params
    require(actor, VIEW)
    filters = entry_filters(query)
    if job is not None:
        filters = type(filters)(**{**vars(filters), "job": job})
    page: Page = list_entries(
        actor=actor,
        filters=filters,
        cursor=query.get("cursor"),
        limit=limit_of(query),
    )
    return Response(
        {
            "results": [orjson.Fragment(text) for text in page.results],
            "next": link(request, cursor=page.next) if page.next else None,
            "previous": link(request, cursor=page.previous) if page.previous else None,
            "count": None,
        }
    )


def _actor(request: Request) -> User:
    assert isinstance(request.user, User)  # the default permission is IsAuthenticated
    return request.user
