"""An installation of the bench's own, with PostgreSQL, Redis and tables; all of it goes after."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@contextmanager
def own_installation(
    settings: Mapping[str, str] | None = None, *, postgres: dict[str, str] | None = None
) -> Iterator[Path]:
    """A throw-away folder with `data` in it, and Django set up on that; `settings` are environment
    variables of Holdfast's, `postgres` settings of its server."""
    # Without this a SIGTERM would leave servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        # PostgreSQL's own account passes through it (as root).
        folder.chmod(0o711)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="config.settings",
            HOLDFAST_DATA_DIR=str(folder / "data"),
            HOLDFAST_LOG_LEVEL="ERROR",
            HOLDFAST_ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
            HOLDFAST_API_PER_USER="0",
            HOLDFAST_API_PER_TOKEN="0",
            HOLDFAST_API_PER_ADDRESS="0",
            DATABASE_URL="",
            REDIS_URL="",
            **(settings or {}),
        )
        with _services(folder / "data", postgres):
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, check=True)
            import django

            django.setup()
            yield folder


@contextmanager
def _services(data: Path, settings: dict[str, str] | None = None) -> Iterator[None]:
    from config.embedded.preparation import embedded_services
    from config.embedded.service import start_service
    from config.places import Places

    children = []
    try:
        for service in embedded_services(Places(data), postgres_settings=settings):
            children.append(start_service(service))
            service.finish()
        yield
    finally:
        for child in reversed(children):
            child.signal_now(signal.SIGTERM if child.spec.name == "redis" else signal.SIGQUIT)
            if not child.wait(5):
                child.kill()
                child.wait(5)
