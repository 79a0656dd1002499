"""Manifests that nobody honest wrote: each is named and skipped, and the honest one beside it
is taken nevertheless."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from access.policy import System
from backups.manifest import SUFFIX
from backups.models import Backup, Database
from backups.rescan import manifests
from backups.rescan.findings import Outcome
from backups.rescan.manifests import Unusable, parse_manifest
from backups.rescan.services import rescan
from storage.models import StorageTarget
from tests.backups.rescan.conftest import Manifest, lay, manifest_of

pytestmark = pytest.mark.django_db
KEY = "orders/1/orders.dump.age"


def _set(path: str, value: Any) -> Callable[[Manifest], None]:
    def change(manifest: Manifest) -> None:
        *way, last = path.split(".")
        for part in way:
            manifest = manifest[part]
        manifest[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("holdfast_manifest", 99), "unknown_format"),
        (_set("backup", "no uuid"), "wrong_value"),
        (_set("backup", 7), "wrong_value"),
        (_set("database", []), "wrong_value"),
        (_set("database.id", None), "wrong_value"),
        (_set("database.name", "x" * 101), "wrong_value"),
        (_set("database.name", "a\0b"), "wrong_value"),
        (_set("database.port", "5432"), "wrong_value"),
        (_set("database.port", True), "wrong_value"),
        (_set("created_at", "2026-01-01T00:00:00"), "wrong_value"),
        (_set("created_at", "yesterday"), "wrong_value"),
        (_set("created_at", "2026-13-01T00:00:00Z"), "wrong_value"),
        (_set("options", "all"), "wrong_value"),
        (_set("source_bytes", -1), "wrong_value"),
        (_set("source_bytes", 1e400), "not_json"),
        (_set("source_bytes", 2**63), "wrong_value"),
        (_set("contents.engine", "oracle"), "unknown_engine"),
        (_set("contents.tables", {"a": 1}), "wrong_value"),
        (_set("contents.tables", [1]), "wrong_value"),
        (_set("contents.fingerprint", 3), "wrong_value"),
        (_set("contents.tool_major", "17"), "wrong_value"),
        (_set("artifact.sha256", "A" * 64), "wrong_value"),
        (_set("artifact.compressed_inside", 1), "wrong_value"),
        (_set("artifact.recipients", [{"role": 1}]), "wrong_value"),
        (_set("artifact.file", "../../etc/passwd"), "wrong_value"),
        (_set("artifact.key", "../../etc/passwd"), "bad_key"),
        (_set("artifact.key", "/etc/passwd"), "bad_key"),
        (_set("artifact.key", "orders/2/orders.dump.age"), "other_key"),
    ],
)
def test_each_is_refused_by_name(
    database: Database, change: Callable[[Manifest], None], reason: str
) -> None:
    honest = manifest_of(database, key=KEY, file="orders.dump.age")
    parse_manifest(orjson.dumps(honest), key=KEY)
    change(honest)
    with pytest.raises(Unusable) as refused:
        parse_manifest(_as_json(honest), key=KEY)
    assert refused.value.reason == reason


def _as_json(manifest: Manifest) -> bytes:
    import json

    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "no_manifest"),
        (b"{}", "no_manifest"),
        (b'{"holdfast_manifest": 1}', "wrong_value"),
        (b'{"holdfast_manifest": true, "artifact": 1}', "wrong_value"),
    ],
)
def test_what_is_no_manifest(text: bytes, reason: str) -> None:
    with pytest.raises(Unusable) as refused:
        parse_manifest(text, key=KEY)
    assert refused.value.reason == reason


def test_they_are_skipped_and_the_honest_one_is_taken(
    storage_target: StorageTarget,
    manifest: Manifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifests, "LARGEST", 100_000)
    lay(storage_target, manifest)
    folder = tmp_path / "x" / "1"
    folder.mkdir(parents=True)
    (folder / f"a.dump.age{SUFFIX}").write_bytes(b" " * 100_001)
    (folder / f"b.dump.age{SUFFIX}").write_bytes(b"no json")
    (folder / f"-rf.dump.age{SUFFIX}").write_bytes(b"{}")
    (folder / f"ä\n\x1b[31m{SUFFIX}").write_bytes(b"{}")
    os.mkfifo(folder / f"pipe.dump.age{SUFFIX}")
    (folder / "lonely.dump").write_bytes(b"PGDMP")
    report = rescan(target=storage_target, actor=System("cli"), dry_run=False)
    assert sorted(one.reason for one in report.findings if one.outcome == Outcome.SKIPPED) == [
        "bad_key",
        "bad_key",
        "not_json",
        "not_json",
        "too_large",
    ]
    assert [one.reason for one in report.findings if one.outcome == Outcome.FOREIGN] == [
        "no_manifest"
    ]
    assert Backup.objects.filter(pk=manifest["backup"]).exists()
    shown = str([one.described() for one in report.findings])
    assert "\x1b" not in shown


def test_one_that_no_column_takes_does_not_keep_the_others_out(
    storage_target: StorageTarget, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = manifest_of(database), manifest_of(database)
    bad["label"] = "x" * 61
    monkeypatch.setattr("backups.rescan.manifests._text", _any_length)
    for one in (good, bad):
        lay(storage_target, one)
    report = rescan(target=storage_target, actor=System("cli"), dry_run=False)
    assert str(Backup.objects.get().pk) == good["backup"]
    assert report.counts == {Outcome.FOUND: 1, Outcome.SKIPPED: 1}


def _any_length(found: dict[str, Any], name: str, _longest: int, *, default: Any = None) -> Any:
    return found.get(name, default)


def test_a_claimed_future_does_not_make_it_the_newest(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    lay(storage_target, manifest | {"created_at": "2199-01-01T00:00:00Z"})
    rescan(target=storage_target, actor=System("cli"), dry_run=False)
    assert Backup.objects.get().created_at.year < 2199
