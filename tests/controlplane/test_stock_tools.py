"""A set opened without Holdfast, by the commands of its own manifest."""

import os
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from access.policy import System
from backups import keyring
from config.recovering.source import choose
from controlplane.services import request_set, run_set
from storage.models import StorageTarget
from tests.backups.servers import programs_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (shutil.which("age") and shutil.which("zstd")),
        reason="needs the age and zstd of a distribution; the checks of a commit install them",
    ),
]


def test_keys_and_records_come_out_by_the_manifests_own_commands(
    storage_target: StorageTarget, vault: Path, tmp_path: Path
) -> None:
    row = request_set(actor=System("cli"))
    run_set(set_id=row.pk)
    here = tmp_path / "elsewhere"
    shutil.copytree(choose(vault, ""), here)
    shutil.copy(keyring.identity_path("recovery"), here / keyring.RECOVERY_FILE)
    [manifest] = here.glob("*.manifest.json")
    keys, _createdb, records = orjson.loads(manifest.read_bytes())["restore"]["commands"]
    by_hand(keys, here)
    assert (here / "keys" / "installation.agekey").read_text().startswith("AGE-SECRET-KEY-")
    by_hand(records.replace("--dbname=restored", "--file=out.sql"), here)
    text = (here / "out.sql").read_text()
    assert "CREATE TABLE public.controlplane_controlset" in text
    assert str(row.pk) in text


def by_hand(command: str, folder: Path) -> None:
    path = f"{programs_of(18)}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
