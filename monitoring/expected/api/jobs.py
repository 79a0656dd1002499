"""Jobs: list, create, read, change, remove; import and export; acknowledge and keep quiet."""

from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.models import User
from access.policy import companies_where, require
from monitoring.expected.api.query import (
    LARGEST_OFFSET,
    limit_of,
    link,
    moment_of,
    text_of,
    whole,
)
from monitoring.expected.attention import acknowledge_job, snooze_job
from monitoring.expected.description import describe_job
from monitoring.expected.errors import BadField
from monitoring.expected.jobs import (
    ADD,
    CHANGE,
    create_job,
    delete_job,
    rotate_ping_key,
    update_job,
)
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.reports import report_backup
from monitoring.expected.selectors import entry_for, job_for, list_jobs, search_jobs
from monitoring.expected.states import Frequency, Status
from monitoring.expected.transfer import MOST_BYTES, export_jobs, import_jobs

VIEW = "monitoring.view_expectedbackupjob"
EXACT = {
    "company_name": "company__name",
    "city": "city",
    "database_name": "database_name",
    "agent_id_responsible": "agent_id_responsible",
}


class JobsView(APIView):
    def get(self, request: Request) -> Response:
        actor = _actor(request)
        require(actor, VIEW)
        query = request.query_params
        limit = limit_of(query)
        skip = "skip" if "skip" in query and "offset" not in query else "offset"
        offset = whole(query, skip, least=0, most=LARGEST_OFFSET) or 0
        rows = filtered_jobs(request)
        count = rows.count()
        found = list(rows.order_by("pk")[offset : offset + limit])
        mine = set(companies_where(actor, CHANGE).values_list("pk", flat=True))
        return Response(
            {
                "results": [
                    describe_job(job, ping_url=_ping_url(request, job, job.company_id in mine))
                    for job in found
                ],
                "next": link(request, **{skip: offset + limit}) if offset + limit < count else None,
                "previous": link(request, **{skip: max(0, offset - limit)}) if offset else None,
                "count": count,
            }
        )

    def post(self, request: Request) -> Response:
        made = create_job(actor=_actor(request), **_body(request))
        where = request.build_absolute_uri(f"/api/v1/jobs/{made.pk}")
        return Response(_described(request, made), status=201, headers={"Location": where})


class JobView(APIView):
    def get(self, request: Request, job_id: str) -> Response:
        return Response(_described(request, _job(request, job_id)))

    def put(self, request: Request, job_id: str) -> Response:
        return self._change(request, job_id, whole=True)

    def patch(self, request: Request, job_id: str) -> Response:
        return self._change(request, job_id, whole=False)

    def delete(self, request: Request, job_id: str) -> Response:
        delete_job(job=_job(request, job_id), actor=_actor(request))
        return Response(status=204)

    def _change(self, request: Request, job_id: str, *, whole: bool) -> Response:
        job, actor = _job(request, job_id), _actor(request)
        require(actor, CHANGE, job.company)
        return Response(
            _described(request, update_job(job=job, actor=actor, whole=whole, **_body(request)))
        )


class ReportsView(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        """A report without bytes, by the agent of the job, or an operator."""
        actor, job = _actor(request), _job(request, job_id)
        made = report_backup(job=job, actor=actor, **_body(request))
        where = request.build_absolute_uri(f"/api/v1/entries/{made.pk}")
        answer = orjson.Fragment(entry_for(actor=actor, entry_id=made.pk))
        return Response(answer, status=201, headers={"Location": where})


class AcknowledgeView(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        job = acknowledge_job(job=_job(request, job_id), actor=_actor(request))
        return Response(_described(request, job))


class PingKeyView(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        """Another ping address; the one before is nobody's at once."""
        job = rotate_ping_key(job=_job(request, job_id), actor=_actor(request))
        return Response(_described(request, job))


class SnoozeView(APIView):
    def post(self, request: Request, job_id: str) -> Response:
        """`hours`, 0 to tell of it again."""
        job, actor, body = _job(request, job_id), _actor(request), _body(request)
        if set(body) != {"hours"}:
            raise BadField("hours", _("Send hours, and nothing else."))
        return Response(_described(request, snooze_job(job=job, actor=actor, hours=body["hours"])))


class CSVParser(BaseParser):
    media_type = "text/csv"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:  # noqa: ARG002
        return stream.read(MOST_BYTES + 1)


class ImportView(APIView):
    def get_parsers(self) -> list[BaseParser]:
        return [*super().get_parsers(), CSVParser()]

    def post(self, request: Request) -> Response:
        """A list of jobs as JSON, or CSV with a line of names; all of it, or with errors nothing.

        `dry_run=true` changes nothing and tells what would be.
        """
        actor = _actor(request)
        require(actor, ADD)
        said = request.query_params.get("dry_run", "false")
        if said not in ("true", "false"):
            raise BadField("dry_run", _("%(option)s is true or false.") % {"option": "dry_run"})
        found = import_jobs(actor=actor, body=request.data, dry_run=said == "true")
        return Response(vars(found))


class ExportView(APIView):
    def get(self, request: Request) -> HttpResponse:
        """What an import takes again: `as=csv`, or JSON."""
        actor = _actor(request)
        require(actor, VIEW)
        form = request.query_params.get("as", "json")
        if form not in ("json", "csv"):
            raise BadField("as", _("%(option)s is one of %(known)s.") % {
                "option": "as", "known": "json, csv"
            })  # fmt: skip
        text = export_jobs(filtered_jobs(request), form)
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
        answer = HttpResponse(text, content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="expected-backups.{form}"'
        return answer


def filtered_jobs(request: Request) -> QuerySet[ExpectedBackupJob]:
    query = request.query_params
    rows = list_jobs(actor=_actor(request))
    for name, path in EXACT.items():
        if query.get(name):
            rows = rows.filter(**{path: text_of(query, name)})
    for name, known in (("current_status", Status), ("backup_frequency", Frequency)):
        given = query.getlist(name)
        unknown = [one for one in given if one not in known.values]
        if unknown:
            words = _("%(option)s is one of %(known)s.")
            raise BadField(name, words % {"option": name, "known": ", ".join(known.values)})
        if given:
            rows = rows.filter(**{f"{name}__in": given})
    if "is_active" in query:
        if query["is_active"] not in ("true", "false"):
            raise BadField("is_active", _("%(option)s is true or false.") % {"option": "is_active"})
        rows = rows.filter(is_active=query["is_active"] == "true")
    for name, path, ends in (("next_from", "gte", False), ("next_to", "lte", True)):
        moment = moment_of(query, name, ends=ends)
        if moment is not None:
            rows = rows.filter(is_active=True, **{f"next_expected_at__{path}": moment})
    return search_jobs(rows, text_of(query, "search"))


def _described(request: Request, job: ExpectedBackupJob) -> dict[str, Any]:
    may = _actor(request).may(CHANGE, job.company)
    return describe_job(job, ping_url=_ping_url(request, job, may))


def _ping_url(request: Request, job: ExpectedBackupJob, may: bool) -> str | None:
    return request.build_absolute_uri(f"/ping/{job.ping_key}") if may else None


def _job(request: Request, job_id: str) -> ExpectedBackupJob:
    return job_for(actor=_actor(request), job_id=job_id)


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise BadField("body", _("Send a JSON object."))
    return dict(request.data)


def _actor(request: Request) -> User:
    assert isinstance(request.user, User)  # the default permission is IsAuthenticated
    return request.user
