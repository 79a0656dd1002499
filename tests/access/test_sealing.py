"""The audit's chain: sealed by the tick, and every later change of a row is found."""

import json
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from access import audit, headfile, sealing
from access.chain import START, Head
from access.models import AuditEntry, Company, User
from access.policy import System
from access.sealing import seal_audit
from access.verification import verify_audit
from config.places import Places

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.PLACES = Places(tmp_path)


def write(company: Company, *actions: str) -> list[AuditEntry]:
    return [
        audit.record(actor=System("x"), action=action, thing=company, company=company)
        for action in actions
    ]


def tamper(statement: str) -> None:
    """As somebody who owns the table would: behind the trigger's back."""
    with connection.cursor() as cursor:
        # Also runs the checks that wait for the end, which the next line could not pass.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE access_auditentry DISABLE TRIGGER access_keep_sealed")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE access_auditentry ENABLE TRIGGER access_keep_sealed")


def verify(**options: object) -> str:
    out = StringIO()
    call_command("audit", "verify", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def sealed(company: Company) -> list[AuditEntry]:
    entries = write(company, *(f"step.{number}" for number in range(1, 7)))
    assert seal_audit() == 6
    return entries


def test_entries_get_places_without_gaps_in_batches(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    write(company, *"abcde")
    assert seal_audit() == 5
    assert seal_audit() == 0
    assert list(AuditEntry.objects.order_by("id").values_list("position", flat=True)) == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert verify_audit().fault is None
    assert headfile.read() == sealing.head()


def test_an_empty_audit_is_whole() -> None:
    assert seal_audit() == 0
    assert verify_audit().head == START


def test_the_command_says_how_many(sealed: list[AuditEntry], company: Company) -> None:
    write(company, "late")
    assert verify().splitlines() == [
        "6 entries are as they were sealed; 1 wait for their seal.",
        str(sealing.head()),
    ]


ID = "(SELECT id FROM access_auditentry WHERE position = {})"
HARM = {
    "actor": ("UPDATE access_auditentry SET actor_name = 'y' WHERE position = 3", "changed", 3),
    "changes": ("UPDATE access_auditentry SET changes = '{\"a\": 1}' WHERE position = 3",
                "changed", 3),
    "company": ("UPDATE access_auditentry SET company_id = NULL WHERE position = 3", "changed", 3),
    "time": ("UPDATE access_auditentry SET at = at - interval '1 us' WHERE position = 3",
             "changed", 3),
    "removed": ("DELETE FROM access_auditentry WHERE position = 3", "removed", 3),
    "first": ("DELETE FROM access_auditentry WHERE position = 1", "removed", 1),
    "tail": ("DELETE FROM access_auditentry WHERE position > 4", "removed", 5),
    "all": ("DELETE FROM access_auditentry", "removed", 1),
    "unsealed again": ("UPDATE access_auditentry SET position = NULL WHERE position = 4",
                       "removed", 4),
}  # fmt: skip


@pytest.mark.parametrize("name", HARM)
def test_harm_is_found_and_the_first_row_named(name: str, sealed: list[AuditEntry]) -> None:
    statement, kind, position = HARM[name]
    tamper(statement)
    fault = verify_audit().fault
    assert fault is not None
    assert (fault.kind, fault.position) == (kind, position)
    with pytest.raises(CommandError) as found:
        verify()
    assert found.value.returncode == 1
    assert str(position) in str(found.value)


def test_two_rows_that_changed_places_are_found(sealed: list[AuditEntry]) -> None:
    tamper("UPDATE access_auditentry SET position = -2 WHERE position = 2")
    tamper("UPDATE access_auditentry SET position = 2 WHERE position = 5")
    tamper("UPDATE access_auditentry SET position = 5 WHERE position = -2")
    fault = verify_audit().fault
    assert fault is not None
    assert (fault.kind, fault.position) == ("changed", 2)


def test_a_row_put_between_is_found(sealed: list[AuditEntry], company: Company) -> None:
    forged = write(company, "never.happened")[0]
    tamper("UPDATE access_auditentry SET position = -position WHERE position > 3")
    tamper("UPDATE access_auditentry SET position = -position + 1 WHERE position < 0")
    tamper(f"UPDATE access_auditentry SET position = 4, digest = '' WHERE id = {forged.pk}")
    fault = verify_audit().fault
    assert fault is not None
    assert (fault.kind, fault.position) == ("changed", 4)


def test_a_chain_made_anew_does_not_fit_its_head(sealed: list[AuditEntry]) -> None:
    tamper("UPDATE access_auditentry SET actor_name = 'y' WHERE position = 3")
    tamper("UPDATE access_auditentry SET position = NULL, digest = ''")
    known = headfile.read()
    seal_audit()
    fault = verify_audit().fault
    assert fault is not None
    assert (fault.kind, fault.position) == ("head", 6)
    # The file is the evidence, and stays it until somebody accepts the table.
    assert headfile.read() == known
    call_command("audit", "accept", stdout=StringIO())
    seal_audit()
    assert verify_audit().fault is None
    assert AuditEntry.objects.latest("id").action == "audit.head_accepted"


def test_a_removed_tail_is_found_by_an_exported_head(
    sealed: list[AuditEntry], tmp_path: Path
) -> None:
    call_command("audit", "export", output=str(tmp_path / "a.jsonl"))
    exported = str(sealing.head())
    headfile.path().unlink()
    tamper("DELETE FROM access_auditentry WHERE position > 4")
    assert verify_audit().fault is None
    for options in ({"head": [exported]}, {"export": [str(tmp_path / "a.jsonl")]}):
        with pytest.raises(CommandError, match="5 to 6 were removed"):
            verify(**options)


def test_the_database_refuses_to_change_a_sealed_entry(sealed: list[AuditEntry]) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.filter(position=2).update(actor_name="y")
    with (
        pytest.raises(IntegrityError, match="never deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM access_auditentry WHERE position = 2")
    assert verify_audit().fault is None


def test_the_chain_outlives_account_and_company(operator: User, company: Company) -> None:
    audit.record(actor=operator, action="x", thing=company, company=company)
    seal_audit()
    operator.delete()
    company.delete()
    assert verify_audit().fault is None


def test_an_export_can_be_checked_alone(sealed: list[AuditEntry], tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    call_command("audit", "export", output=str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0] == {"format": "holdfast-audit-1", "after": str(START)}
    assert [line["action"] for line in lines[1:-1]] == [f"step.{n}" for n in range(1, 7)]
    assert Head.parse(lines[-1]["head"]) == sealing.head()
    assert verify(export=[str(file)])
    with pytest.raises(CommandError, match="exists"):
        call_command("audit", "export", output=str(file))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda text: text.replace("step.3", "step.9"), "is not what was sealed"),
        (lambda text: "\n".join(text.splitlines()[:3] + text.splitlines()[4:]), "was removed"),
        (lambda text: "\n".join(text.splitlines()[:-2] + text.splitlines()[-1:]), "cut off"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "no whole export"),
        (lambda _text: "hello", "no JSON"),
        (lambda _text: "", "no whole export"),
    ],
)
def test_a_changed_export_is_found(
    harm: Callable[[str], str], says: str, sealed: list[AuditEntry], tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    call_command("audit", "export", output=str(file))
    file.write_text(harm(file.read_text()))
    with pytest.raises(CommandError, match=says):
        verify(export=[str(file)])


def test_an_export_of_some_days_has_them_alone(sealed: list[AuditEntry], tmp_path: Path) -> None:
    tamper("UPDATE access_auditentry SET position = NULL, digest = ''")
    AuditEntry.objects.filter(action__in=["step.1", "step.2"]).update(at="2026-01-02T12:00Z")
    headfile.path().unlink()
    seal_audit()
    file = tmp_path / "january.jsonl"
    call_command("audit", "export", "--from", "2026-01-01", "--to", "2026-01-02", output=str(file))
    assert len(file.read_text().splitlines()) == 4
    assert verify(export=[str(file)])
    rest = tmp_path / "rest.jsonl"
    call_command("audit", "export", "--from", "2026-02-01", output=str(rest))
    assert len(rest.read_text().splitlines()) == 6
    assert verify(export=[str(rest)])


@pytest.mark.parametrize("options", [{"head": ["1:x"]}, {"head": ["x"]}, {"export": ["/no/such"]}])
def test_bad_usage_is_told(options: dict[str, list[str]]) -> None:
    with pytest.raises(CommandError) as found:
        verify(**options)
    assert found.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_a_late_commit_is_sealed_later_and_the_chain_holds(company: Company) -> None:
    written, go_on = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                write(company, "late")
                written.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=late)
    thread.start()
    assert written.wait(20)
    write(company, "early")
    assert seal_audit() == 1
    go_on.set()
    thread.join(20)
    assert seal_audit() == 1
    rows = list(AuditEntry.objects.order_by("position").values_list("action", "position"))
    assert rows == [("early", 1), ("late", 2)]
    first, second = AuditEntry.objects.order_by("position")
    assert second.pk < first.pk
    assert verify_audit().fault is None


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 5)
    write(company, *(f"a{number}" for number in range(60)))
    sealed: list[int] = []

    def seal() -> None:
        try:
            sealed.append(seal_audit())
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(sealed) == 60
    assert verify_audit().head.position == 60
    assert verify_audit().fault is None
