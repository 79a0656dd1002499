"""Holdfast's own backup as a contestant, and what its artifact holds, read by the bench itself."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pyrage
from backports import zstd

from bench.archives import CHUNK, Hashes, hash_archive, read_chunks, text_hash
from bench.clusters import Cluster
from bench.measure import Contestant
from bench.places import bench_folder

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class BenchKey:
    """The recovery key of the bench: ours and the shell pipe encrypt to it."""

    identity: pyrage.x25519.Identity

    @classmethod
    def make(cls) -> "BenchKey":
        return cls(pyrage.x25519.Identity.generate())

    @property
    def recipient(self) -> str:
        return str(self.identity.to_public())


def our_contestants(cluster: Cluster, output: Path, key: BenchKey) -> list[Contestant]:
    """A backup as it is by default, after one without fingerprints: what the shell pipe does."""
    where = "in pg_dump" if cluster.major == 17 else "-T2 around it"
    names = {"none": "Holdfast without fingerprints", "full": "Holdfast with fingerprints"}
    return [
        Contestant(
            name=f"{name}, stored and fsynced",
            command=[sys.executable, "-m", "bench.ours_run"],
            environment=cluster.environment()
            | {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "PYTHONPATH": str(HERE.parent),
                "HOLDFAST_DATA_DIR": str(bench_folder() / "product"),
                "HOLDFAST_RECOVERY_RECIPIENT": key.recipient,
                "BENCH_OUTPUT": str(output / "ours"),
                "BENCH_FINGERPRINT": fingerprint,
            },
            output=output / "ours",
            settings=f"zstd:3 {where}",
            reports=True,
        )
        for fingerprint, name in names.items()
    ]


def check_artifact(cluster: Cluster, output: Path, key: BenchKey, reference: Hashes) -> list[str]:
    """Open the artifact with the recovery key and compare it with the bare tool's. Sentences."""
    artifact = output / "ours" / "bench.dump.age"
    manifest = json.loads(artifact.with_name(artifact.name + ".manifest.json").read_text())
    plain = output / "plain.dump"
    _open_artifact(artifact, plain, key, inside=manifest["artifact"]["compressed_inside"])
    with plain.open("rb") as file:
        mine = hash_archive(read_chunks(file))
    bare = output / "bare" / "dump"
    if not manifest["artifact"]["compressed_inside"]:
        bare = _unpack(bare, output / "bare.dump")
    return [
        f"Tools: {manifest['contents']['tool']} by us, pg_dump {cluster.version} in the baselines; "
        f"ours {manifest['artifact']['compression']}.",
        f"sha256 of the plain archive that our artifact opens to: `{mine.plain}`; in its manifest: "
        f"{_same(mine.plain == manifest['artifact']['plain_sha256'])}.",
        f"sha256 of the plain archives, their header's time zeroed: ours `{mine.timeless}`, "
        f"bare pg_dump to a pipe `{reference.timeless}`: "
        f"{_same(mine.timeless == reference.timeless)}.",
        f"sha256 of the text that pg_restore makes: ours `{(text := text_hash(cluster, plain))}`, "
        f"the bare file's: {_same(text == text_hash(cluster, bare))}.",
    ]


def _open_artifact(artifact: Path, plain: Path, key: BenchKey, *, inside: bool) -> None:
    if inside:
        pyrage.decrypt_file(str(artifact), str(plain), [key.identity])
        return
    packed = plain.with_suffix(".zst")
    pyrage.decrypt_file(str(artifact), str(packed), [key.identity])
    _unpack(packed, plain)


def _unpack(packed: Path, plain: Path) -> Path:
    with zstd.open(packed, "rb") as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
    return plain


def _same(equal: bool) -> str:
    return "the same" if equal else "**DIFFERENT**"
