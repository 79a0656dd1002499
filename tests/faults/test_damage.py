"""Every cut and flip of an artifact is found: in each region and at each age chunk boundary ±1."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.models import User
from backups import keyring
from backups.engines import engine_for
from backups.models import Backup, Database
from backups.services import request_backup
from backups.validation import check_stored
from storage.models import StorageTarget
from storage.services import Written
from tests.backups.servers import PASSWORD, TestServer
from tests.choice import first_of
from tests.faults.worker import files_in
from tests.running import fresh, run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("servers")]

# The age format, version 1: a text header to its MAC line, a nonce of 16 bytes, then chunks of
# 64 KiB, each with a tag of 16 bytes (C2SP, age.md).
CHUNK = (64 << 10) + 16
NONCE = 16
RANDOM = (
    "CREATE TABLE noise AS SELECT n, (SELECT string_agg(md5(random()::text), '')"
    " FROM generate_series(1, 40) WHERE n = n) AS filler FROM generate_series(1, 320) n",
)


@pytest.fixture
def source(server: TestServer, database: Database) -> Iterator[Database]:
    with server.database(*RANDOM) as found:
        database.host, database.port = found.host, found.port
        database.database_name, database.username = found.database_name, found.username
        database.password = PASSWORD
        database.save()
        yield database


def places(whole: bytes) -> dict[str, int]:
    """Where to cut and flip: each region of the header, and around each chunk's end."""
    mac = whole.index(b"\n--- ")
    body = whole.index(b"\n", mac + 1) + 1
    found = {
        "version line": 5,
        "first recipient": whole.index(b"-> X25519") + 15,
        "wrapped key": whole.index(b"\n", whole.index(b"-> X25519")) + 5,
        "header's mac": mac + 10,
        "end of header": body - 1,
        "nonce": body,
        "end of nonce": body + NONCE - 1,
        "first byte": body + NONCE,
        "last tag": len(whole) - 8,
        "last byte": len(whole) - 1,
    }
    for number, end in enumerate(range(body + NONCE + CHUNK, len(whole), CHUNK), start=1):
        for step in (-17, -1, 0, 1):
            found[f"chunk {number} end {step:+d}"] = end + step
    return found


@pytest.mark.parametrize("server", first_of(17, 18), indirect=True)
def test_no_damage_goes_unnoticed(
    source: Database, operator: User, storage_target: StorageTarget
) -> None:
    asked = request_backup(database=source, options={}, actor=operator, trigger="manual")
    run_here(backup_id=asked.pk)
    backup = fresh(asked.pk)
    assert backup.validation == "good"
    artifact = next(path for path in files_in(storage_target) if path.suffix == ".age")
    whole = artifact.read_bytes()
    assert len(whole) > 2 * CHUNK, "several chunks"
    unnoticed = []
    for name, at in places(whole).items():
        flipped = whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
        for how, body in (("cut", whole[:at]), ("flip", flipped)):
            artifact.write_bytes(body)
            # Also with the right digest: as if a hash had been taken of the damaged bytes.
            if passes(backup, storage_target, artifact):
                unnoticed.append(f"{how} at {name}")
    assert unnoticed == []
    artifact.write_bytes(whole)
    assert passes(backup, storage_target, artifact)


def passes(backup: Backup, target: StorageTarget, artifact: Path) -> bool:
    """Whether the content check alone, with the digest of the bytes as they are, finds nothing."""
    import hashlib

    body = artifact.read_bytes()
    findings = check_stored(
        target=target,
        key=backup.stored_objects.get().key,
        expected=Written(len(body), hashlib.sha256(body).hexdigest()),
        manifest=backup.manifest or {},
        engine=engine_for(backup.database),
        identity=keyring.installation_identity(),
    )
    return all(finding.passed for finding in findings)
