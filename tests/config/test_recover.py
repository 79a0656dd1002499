"""Everything is gone but a storage and the recovery key: one command brings Holdfast back."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from config.places import Places
from faults import VARIABLE
from tests.config.installation import Installation
from tests.faults.points import IN_A_RECOVERY

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("up")]

PHRASE = "correct horse battery"
# One process each: to start Django is what takes the time.
BEFORE = """
import json, time
from access.models import Company, User
from access.policy import System
from access.tokens import create_token
from backups.databases import create_database
from backups.models import Backup
from backups.recovery.services import export_key
from backups.services import request_backup
from controlplane.models import ControlSet
from controlplane.services import request_set
from django.conf import settings

me = System("cli")
database = create_database(
    company=Company.objects.get(), name="orders", host=str(settings.PLACES.sockets), port=5432,
    database_name="holdfast", username="holdfast", password="a password", tls_mode="disable",
    actor=me, drill_every=0,
)

def back_up():
    options = {"tables": ["access_company"]}
    made = request_backup(database=database, options=options, actor=me, trigger="cli")
    until_over(Backup, made.pk)
    return str(made.pk)

def until_over(model, pk):
    deadline = time.monotonic() + 60
    while model.objects.get(pk=pk).status in ("pending", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)

first = back_up()
admin = User.objects.get(username="admin")
token = create_token(user=admin, name="t", actor=admin)
row = request_set(actor=me)
until_over(ControlSet, row.pk)
print(json.dumps({
    "first": first, "after": back_up(), "token": token,
    "set": ControlSet.objects.get(pk=row.pk).status, "key": export_key(actor=me).decode(),
}))
"""
AFTER = """
import json
from access.models import AuditEntry
from access.sealing import fits
from access import headfile
from backups.downloads import checked_copy
from backups.models import Backup, Database
from controlplane.models import ControlSet

print(json.dumps({
    "backups": {str(one.pk): one.validation for one in Backup.objects.all()},
    "copies": {str(one.pk): checked_copy(backup=one).sha256 == one.sha256
               for one in Backup.objects.all()},
    "password": Database.objects.get().password,
    "recovered": AuditEntry.objects.filter(action="holdfast.recovered").count(),
    "audit_fits": fits(headfile.read()),
    "sets": [one.status for one in ControlSet.objects.all()],
}))
"""
# In the order of a recovery: each run takes up what the one before left.
STEPS = [
    f"recover.{step}"
    for step in ("marked", "keys-placed", "restored", "migrated", "settled", "rescanned")
]


def test_every_point_of_a_recovery_is_among_the_steps() -> None:
    assert set(STEPS) == set(IN_A_RECOVERY)


def tell(installation: Installation, code: str) -> Any:
    done = installation.run("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def lose_everything(installation: Installation, folder: Path) -> Path:
    """What is left are the storage's bytes, on another disk."""
    installation.stop(signal.SIGTERM)
    stick = folder / "stick"
    shutil.move(installation.places.vault, stick)
    shutil.rmtree(installation.places.data)
    return stick


@pytest.mark.exhaustive
def test_from_a_storage_and_the_key_alone_killed_on_its_way(
    installation: Installation, folder: Path
) -> None:
    installation.start(HOLDFAST_ADMIN_PASSWORD=PHRASE)
    assert PHRASE not in installation.said()
    before = tell(installation, BEFORE)
    assert before["set"] == "completed"
    stick = lose_everything(installation, folder)
    key, wrong = folder / "holdfast-recovery.agekey", folder / "wrong.agekey"
    key.write_text(before["key"])
    wrong.write_text(f"{x25519.Identity.generate()}\n")

    new = Installation(folder)
    new.places = Places(folder / "new")
    refused = new.run("recover", "--from", str(stick), "--key", str(wrong))
    assert refused.returncode == 4
    assert "wrong_key" in refused.stderr
    assert not new.places.data.exists()
    words = ("recover", "--from", str(stick), "--key", str(key))
    for point in STEPS:
        killed = new.run(*words, **{VARIABLE: point})
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        refused = new.run("up")
        assert "did not end" in refused.stderr, point
    done = new.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Was not known: 1" in done.stdout
    assert not new.places.recovering.exists()

    try:
        new.start()
        assert "Password" not in new.said()
        after = tell(new, AFTER)
        assert after["backups"] == {
            before["first"]: "good",
            before["after"]: "unchecked",
        }
        assert set(after["copies"].values()) == {True}
        assert after["password"] == "a password"
        assert (after["recovered"], after["audit_fits"], after["sets"]) == (1, True, ["completed"])
        listed = ask(new, "/api/backup/list", before["token"])
        assert len(listed["results"]) == 2
        validated = new.run("backup", "validate", before["after"])
        assert validated.returncode == 0, validated.stdout + validated.stderr
    finally:
        new.end()


def ask(installation: Installation, path: str, token: str) -> Any:
    """Over the API, with a token that is older than this machine."""
    from urllib.request import Request, urlopen

    request = Request(
        f"http://127.0.0.1:{installation.port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(request, timeout=20) as found:  # noqa: S310  # our own server
        return json.load(found)
