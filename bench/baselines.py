"""What a backup costs with the plain tools: a bare dump, and the shell pipe with hash and age."""

import shlex
import shutil
from pathlib import Path

from bench.clusters import Cluster
from bench.measure import Contestant

LEVEL = 3


def dump_command(cluster: Cluster, *, packed: bool = True) -> list[str]:
    """`pg_dump` as the pipeline uses it: zstd inside when this client has it, else not packed."""
    inside = packed and cluster.major == 17
    option = f"--compress=zstd:{LEVEL}" if inside else "-Z0"
    return [cluster.program("pg_dump"), "-Fc", option]


def zstd_settings(cluster: Cluster) -> str:
    return f"zstd:{LEVEL} in pg_dump" if cluster.major == 17 else f"zstd -{LEVEL} -T2 around it"


def baseline_contestants(cluster: Cluster, output: Path, recipient: str) -> list[Contestant]:
    """The bare dump first: everything else is told as a ratio to it. Empty without its tools."""
    if cluster.major != 17 and not shutil.which("zstd"):
        return []
    packing = "" if cluster.major == 17 else f" | {shutil.which('zstd')} -q -{LEVEL} -T2"
    dump = shlex.join(dump_command(cluster)) + packing
    bare, pipe = output / "bare", output / "pipe"
    bare_command = f"set -o pipefail; {dump} > {shlex.quote(str(bare / 'dump'))}"
    if cluster.major == 17:
        # To a file it knows, pg_dump seeks back to fill in offsets, and fsyncs at its end.
        bare_command = f"{dump} -f {shlex.quote(str(bare / 'dump'))}"
    found = [_shell(cluster, "pg_dump to a bare file", bare_command, bare)]
    if shutil.which("age"):
        piped = f"set -o pipefail; {dump} | tee >(sha256sum > {shlex.quote(str(pipe))}.sha256)"
        piped += f" | age -r {recipient} > {shlex.quote(str(pipe / 'dump.age'))}; wait"
        found.append(_shell(cluster, "pg_dump | tee >(sha256sum) | age", piped, pipe))
    return found


def missing_tools(cluster: Cluster) -> list[str]:
    """Sentences about lines that this machine cannot measure."""
    said = []
    if not shutil.which("age"):
        said.append("There is no `age` on this machine: the shell pipe was not measured.")
    if cluster.major != 17 and not shutil.which("zstd"):
        said.append("There is no `zstd` on this machine: its baseline was not measured.")
    return said


def _shell(cluster: Cluster, name: str, command: str, output: Path) -> Contestant:
    return Contestant(
        name=name,
        command=["bash", "-c", command],
        environment=cluster.environment() | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        output=output,
        settings=zstd_settings(cluster),
    )
