"""Lists of jobs from a spreadsheet and back: CSV and JSON, all lines of it or none.

A line that names a company, city, database, agent and frequency of which there is one job
already changes that one, so the same list may be imported again.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from access.policy import Actor, NotAllowed
from look.sizes import parse_size
from monitoring.expected.description import as_given
from monitoring.expected.errors import BadField, BadLines, ExpectedError
from monitoring.expected.fields import FIELDS, NEEDED, READ_ONLY, mistakes_of
from monitoring.expected.jobs import create_job, update_job
from monitoring.expected.models import ExpectedBackupJob

MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 50_000
MOST_ERRORS = 200
COLUMNS = ("company_name", *FIELDS)
_NUMBERS = frozenset(
    {
        *("expected_hour_utc", "expected_minute_utc", "day_of_month", "grace_minutes"),
        *("early_minutes", "end_within_minutes", "min_run_seconds", "max_run_seconds"),
        *("max_size_change_percent", "size_history", "max_age_hours"),
    }
)
_SIZES = frozenset({"min_size_bytes"})
_FLAGS = frozenset({"is_active", "require_content_check"})
_LISTS = frozenset({"days_of_week", "notification_recipients"})
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass
class Imported:
    """How many lines did what, or would."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    dry_run: bool = False


def import_jobs(*, actor: Actor, body: Any, dry_run: bool = False) -> Imported:
    """`body` is CSV (bytes or text), or a list of objects. Raises BadField for what is neither,
    and BadLines, which names each line that cannot be used."""
    found, bad = Imported(dry_run=dry_run), list[dict[str, Any]]()
    lines = list(_lines(body))
    with transaction.atomic():
        for number, values in lines:
            _take(actor, number, values, found, bad)
            if len(bad) >= MOST_ERRORS:
                break
        transaction.set_rollback(dry_run or bool(bad))
    if bad:
        raise BadLines(_("Nothing was taken: some lines cannot be used."), bad)
    return found


def read_list(raw: bytes) -> Any:
    """What `import_jobs` takes, of a file: JSON by its first character, else CSV. Raises
    BadField."""
    if raw.lstrip()[:1] not in (b"[", b"{"):
        return raw
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadField("body", str(error)) from error


def export_jobs(rows: Iterable[ExpectedBackupJob], form: str) -> str:
    """What `import_jobs` takes again."""
    found = [
        {
            "company_name": job.company.name,
            **{name: as_given(getattr(job, name)) for name in FIELDS},
        }
        for job in rows
    ]
    if form == "json":
        return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for one in found:
        writer.writerow({name: _cell(value) for name, value in one.items()})
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    # A spreadsheet would take it for a formula and run it.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _take(
    actor: Actor, number: int, values: Any, found: Imported, bad: list[dict[str, Any]]
) -> None:
    try:
        if not isinstance(values, dict):
            raise BadField("line", _("This is no object."))
        with transaction.atomic():
            _take_one(actor, values, found)
    except ExpectedError as error:
        # A list is mended once, not once for each mistake of a line.
        told = mistakes_of(values)[: len(COLUMNS)] if isinstance(values, dict) else []
        for one in (*told,) or (error,):
            option = getattr(one, "option", None)
            bad.append({"line": number, "option": option, "message": str(one)})
    except NotAllowed as error:
        bad.append({"line": number, "option": "company_name", "message": str(error)})


def _take_one(actor: Actor, values: dict[str, Any], found: Imported) -> None:
    known = _known(actor, values)
    if known is None:
        create_job(actor=actor, **values)
        found.created += 1
        return
    before = {name: getattr(known, name) for name in FIELDS}
    after = update_job(job=known, actor=actor, **values)
    if before == {name: getattr(after, name) for name in FIELDS}:
        found.unchanged += 1
    else:
        found.changed += 1


def _known(actor: Actor, values: Mapping[str, Any]) -> ExpectedBackupJob | None:
    """The one job that the line speaks of, if there is exactly one."""
    if not all(isinstance(values.get(name), str) for name in NEEDED):
        return None
    if any("\0" in values[name] for name in NEEDED):
        return None
    rows = ExpectedBackupJob.objects.visible_to(actor).select_related("company")
    rows = rows.filter(company__name=values["company_name"].strip())
    for name in NEEDED[1:]:
        rows = rows.filter(**{name: values[name].strip()})
    found: list[ExpectedBackupJob] = list(rows[:2])
    return found[0] if len(found) == 1 else None


def _lines(body: Any) -> Iterator[tuple[int, Any]]:
    if isinstance(body, bytes | str):
        yield from _csv_lines(body)
        return
    if isinstance(body, dict) and isinstance(body.get("results"), list):
        body = [_writable(one) for one in body["results"]]
    if not isinstance(body, list):
        raise BadField("body", _("Send a list of objects, or CSV."))
    if len(body) > MOST_LINES:
        raise BadField("body", _("These are more than %(most)d lines.") % {"most": MOST_LINES})
    yield from enumerate(body, 1)


def _writable(one: Any) -> Any:
    """A page of the API's own list comes with what can only be read."""
    if not isinstance(one, dict):
        return one
    return {name: value for name, value in one.items() if name not in READ_ONLY}


def _csv_lines(body: bytes | str) -> Iterator[tuple[int, Any]]:
    if len(body) > MOST_BYTES:
        raise BadField("body", _("This is more than %(most)d MB.") % {"most": MOST_BYTES >> 20})
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body.removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadField("body", _("This is no UTF-8 text. Save it as CSV UTF-8.")) from None
    first = text.partition("\n")[0]
    # Spreadsheets of half of Europe part cells by semicolons.
    comma = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=comma)
    try:
        names = [name.strip() for name in next(reader, [])]
        unknown = [name for name in names if name not in COLUMNS]
        if not names or unknown:
            words = _("The first line names the columns; %(name)s is none.")
            raise BadField("header", words % {"name": (unknown or [""])[0][:60]})
        count = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MOST_LINES:
                words = _("These are more than %(most)d lines.")
                raise BadField("body", words % {"most": MOST_LINES})
            yield reader.line_num, typed_cells(dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise BadField("body", str(error)) from error


def typed_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    """Texts of cells as values; an empty cell says nothing. What is none stays a text."""
    found: dict[str, Any] = {}
    for name, cell in cells.items():
        text = cell.strip()
        if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
            text = text[1:]
        if not text:
            continue
        found[name] = text
        if name in _NUMBERS and text.isascii() and text.isdigit() and len(text) < 20:
            found[name] = int(text)
        elif name in _SIZES:
            found[name] = _sized(text)
        elif name in _FLAGS and text.lower() in _YES | _NO:
            found[name] = text.lower() in _YES
        elif name in _LISTS:
            words = text.replace(",", " ").replace(";", " ").split()
            found[name] = [int(one) if one.isdigit() else one for one in words]
    return found


def _sized(text: str) -> int | str:
    try:
        return parse_size(text)
    except ValueError:
        return text
