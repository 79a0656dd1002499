"""One process migrates; the databases of all workers are copies of what it made.

Migrating takes some four seconds of CPU, which each worker would spend on the same tables.
`python -m tests.template_database` begins with it before they need it.
"""

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.db import connection

NAME = "holdfast_template"


def copy_instead_of_migrating() -> None:
    """Have the test database of this worker made from the template."""
    make_template_once()
    connection.settings_dict["TEST"].update(TEMPLATE=NAME, MIGRATE=False)


def make_template_once() -> None:
    with _one_at_a_time() as made:
        if not made.exists():
            _make_template()
            made.touch()


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    shared = Path(os.environ["HOLDFAST_DATA_DIR"]).parent
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / "template.made"


def _make_template() -> None:
    settings = connection.settings_dict
    test, before = settings["TEST"], settings["NAME"]
    of_worker = test["NAME"]
    test["NAME"] = NAME
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        settings["NAME"], test["NAME"] = before, of_worker


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # The models that a migration renders and leaves behind: a quarter of its time, for some memory.
    gc.disable()
    django.setup()
    make_template_once()
