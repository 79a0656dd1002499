"""Every call of expected backups, as `config.openapi.calls` has the others."""

from typing import Any

from config.openapi.calls import LOCATION, PROBLEM, SAMPLES, Call, call, query
from config.openapi.expecting import FREQUENCIES, ID, STATUSES
from config.openapi.samples import problem
from config.openapi.shapes import FLAG, TEXT, listing, number, one_of, ref

_JOBS, _ENTRIES = "monitoring.expected.api.jobs", "monitoring.expected.api.entries"
_TAG = "Expected backups"
_LIMIT = query("limit", number(1, 200))
_OF_JOBS = tuple(
    query(name, TEXT) for name in ("company_name", "city", "database_name", "agent_id_responsible")
)
_CHOICES = (
    *_OF_JOBS,
    query("current_status", listing(one_of(*STATUSES))),
    query("backup_frequency", listing(one_of(*FREQUENCIES))),
    query("is_active", FLAG),
    query("next_from", TEXT, "A day or a moment: expected next then or later.", "2026-11-21"),
    query("next_to", TEXT, "A day or a moment: expected next then or before.", "2026-11-21"),
    query("search", TEXT, "A part of company, city, database or agent."),
)
_OFFSET = number(0, 10_000_000)
_JOB_LIST = (
    *_CHOICES,
    _LIMIT,
    query("offset", _OFFSET),
    query("skip", _OFFSET, "Another name of offset."),
)
_ENTRY_LIST = (
    query("status", listing(one_of(*STATUSES))),
    query("from", TEXT, "A day or a moment: due then or later.", "2026-11-01"),
    query("to", TEXT, "A day or a moment: due then or before.", "2026-11-21"),
    query("job", ID),
    query("company_name", TEXT),
    query("city", TEXT),
    query("agent", TEXT),
    _LIMIT,
    query("cursor", TEXT, "As in `next` or `previous` of another page."),
)


def _with_csv(found: Call) -> Call:
    """An import takes a spreadsheet too, and tells its mistakes line by line."""
    lines = {"schema": {"type": "string"}, "example": "company_name,city\nAcme,Porto\n"}
    found["requestBody"]["content"]["text/csv"] = lines
    told = problem(400, "bad_lines", "Nothing was taken: some lines cannot be used.")
    line = {"line": 4, "option": "expected_hour_utc", "message": "A number from 0 to 23."}
    found["responses"]["400"]["content"][PROBLEM]["example"] = {**told, "lines": [line]}
    return found


def _exported() -> dict[str, Any]:
    kinds = {
        "application/json": {"schema": ref("JobList"), "example": SAMPLES["JobList"]},
        "text/csv": {"schema": {"type": "string"}},
    }
    return {"200": {"description": "As asked.", "content": kinds}}


EXPECTING_CALLS: dict[tuple[str, str], Call] = {
    (f"{_JOBS}.JobsView", "get"): call(
        *(_TAG, "listExpectedJobs", "List them"),
        gives="ExpectedJobPage",
        asks=_JOB_LIST,
        refuses=(400,),
    ),
    (f"{_JOBS}.JobsView", "post"): call(
        *(_TAG, "createExpectedJob", "Expect a backup"),
        gives="ExpectedJob",
        status=201,
        takes="NewExpectedJob",
        description="Administrators. `local_time` and `*_utc` exclude each other.",
        gives_headers=LOCATION,
    ),
    (f"{_JOBS}.JobView", "get"): call(
        *(_TAG, "readExpectedJob", "Read one"), gives="ExpectedJob", refuses=(404,)
    ),
    (f"{_JOBS}.JobView", "put"): call(
        *(_TAG, "replaceExpectedJob", "Replace one: what is left out is as in a new one"),
        gives="ExpectedJob",
        takes="NewExpectedJob",
        refuses=(404,),
    ),
    (f"{_JOBS}.JobView", "patch"): call(
        *(_TAG, "changeExpectedJob", "Change what is named"),
        gives="ExpectedJob",
        takes="ExpectedJobChanges",
        refuses=(404,),
    ),
    (f"{_JOBS}.JobView", "delete"): call(
        *(_TAG, "deleteExpectedJob", "Expect it no longer; its entries go too"),
        status=204,
        refuses=(404,),
    ),
    (f"{_JOBS}.ReportsView", "post"): call(
        *(_TAG, "reportBackup", "Report a backup, without its bytes"),
        gives="BackupEntry",
        status=201,
        takes="NewReport",
        description="The agent that is responsible for it, or an operator.",
        refuses=(404,),
        gives_headers=LOCATION,
    ),
    (f"{_JOBS}.AcknowledgeView", "post"): call(
        *(_TAG, "acknowledgeExpectedJob", "Say that somebody looks after it and its alerts"),
        gives="ExpectedJob",
        refuses=(404,),
    ),
    (f"{_JOBS}.PingKeyView", "post"): call(
        *(_TAG, "rotatePingKey", "Give it another ping address; the one before ends at once"),
        gives="ExpectedJob",
        refuses=(404,),
    ),
    (f"{_JOBS}.SnoozeView", "post"): call(
        *(_TAG, "snoozeExpectedJob", "Tell nothing of it, nor of its alerts, for some hours"),
        gives="ExpectedJob",
        takes="NewSnooze",
        refuses=(404,),
    ),
    (f"{_JOBS}.ImportView", "post"): _with_csv(
        call(
            *(_TAG, "importExpectedJobs", "Take a whole list, or with a mistake in it nothing"),
            gives="ImportedJobs",
            takes="JobList",
            asks=(query("dry_run", FLAG, "Only tell what would be."),),
        )
    ),
    (f"{_JOBS}.ExportView", "get"): call(
        *(_TAG, "exportExpectedJobs", "The list, as an import takes it again"),
        answers=_exported(),
        asks=(*_CHOICES, query("as", one_of("json", "csv"))),
        refuses=(400,),
    ),
    (f"{_ENTRIES}.EntriesView", "get"): call(
        *(_TAG, "listEntries", "What arrived and what did not, newest first"),
        gives="BackupEntryPage",
        asks=_ENTRY_LIST,
        refuses=(400,),
    ),
    (f"{_ENTRIES}.JobEntriesView", "get"): call(
        *(_TAG, "listEntriesOfJob", "The same of one"),
        gives="BackupEntryPage",
        asks=_ENTRY_LIST,
        refuses=(400, 404),
    ),
    (f"{_ENTRIES}.EntryView", "get"): call(
        *(_TAG, "readEntry", "Read one entry"), gives="BackupEntry", refuses=(404,)
    ),
}
