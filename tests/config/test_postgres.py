"""The embedded PostgreSQL: reachable by the product alone, clean after every kind of end."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded.cluster import read_major
from config.embedded.errors import ForeignMajor
from config.embedded.folders import make_data_folder
from config.embedded.postgres import Postgres
from config.embedded.preparation import embedded_services
from config.places import PROJECT, Places
from machine.account import Account, service_account
from machine.errors import FolderUnsafe
from machine.folders import own_folder
from tests.config.conftest import Starter
from tests.config.installation import open_folder
from tests.config.strangers import NOBODY, as_stranger, needs_root
from tests.config.waiting import wait_for


def postgres_in(places: Places) -> Postgres:
    make_data_folder(places)
    own_folder(places.logs, 0o700)
    return Postgres(places, service_account(), settings={"fsync": "off"})


@pytest.fixture
def fresh(places: Places) -> Postgres:
    """One of the test's own, that was never started."""
    return postgres_in(places)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One for all tests that may find what others left in it; each stops it in the end."""
    with open_folder() as folder:
        yield postgres_in(Places(folder / "data"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_it_answers_on_its_socket_and_nowhere_else(postgres: Postgres, start: Starter) -> None:
    child = start(postgres)
    with postgres.connect() as connection:
        found = connection.execute(
            "SELECT current_user, current_database(), current_setting('server_encoding')"
        ).fetchone()
    assert found == ("holdfast", "holdfast", "UTF8")
    listening = psutil.Process(child.pid).net_connections("inet")
    assert listening == []


def test_all_it_makes_is_closed_to_others(
    postgres: Postgres, account: Account, start: Starter
) -> None:
    start(postgres)
    places = postgres.places
    for folder in (places.postgres, places.sockets):
        assert mode(folder) == 0o700, folder
        assert folder.stat().st_uid == account.uid
    assert mode(places.sockets / ".s.PGSQL.5432") == 0o700
    assert mode(places.logs) == 0o700
    assert mode(places.data) & 0o066 == 0


@needs_root
def test_another_user_of_the_machine_cannot_connect(postgres: Postgres, start: Starter) -> None:
    start(postgres)
    path = str(postgres.places.sockets / ".s.PGSQL.5432")

    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)

    connect()
    assert as_stranger(connect) == "PermissionError"


@needs_root
def test_another_user_is_not_taken_for_the_product_even_at_an_open_door(
    postgres: Postgres, start: Starter
) -> None:
    start(postgres)
    postgres.places.sockets.chmod(0o711)
    (postgres.places.sockets / ".s.PGSQL.5432").chmod(0o777)
    try:
        assert "Peer authentication failed" in as_stranger(lambda: postgres.connect().close())
    finally:
        postgres.places.sockets.chmod(0o700)


def test_other_roles_need_their_password_and_an_invitation(
    postgres: Postgres, start: Starter
) -> None:
    start(postgres)
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'correct horse'")
        connection.execute("CREATE DATABASE guests OWNER guest")

    def connect(database: str, password: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(postgres.places.sockets), user="guest", dbname=database, password=password
        )

    with connect("guests", "correct horse") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("guest",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect("guests", "wrong")
    for closed in ("holdfast", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(closed, "correct horse")


def test_a_killed_server_starts_again_with_its_rows(postgres: Postgres, start: Starter) -> None:
    child = start(postgres)
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    child.signal_now(signal.SIGKILL)
    assert child.wait(10)
    assert (postgres.places.postgres / "postmaster.pid").exists()

    start(postgres)
    with postgres.connect() as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)


def test_a_lock_file_naming_an_unrelated_process_is_no_obstacle(
    postgres: Postgres, start: Starter
) -> None:
    child = start(postgres)
    lock = (postgres.places.postgres / "postmaster.pid").read_text()
    child.ask_to_stop()
    assert child.wait(10)
    with subprocess.Popen(["sleep", "60"]) as unrelated:
        try:
            stale = lock.replace(str(child.pid), str(unrelated.pid), 1)
            (postgres.places.postgres / "postmaster.pid").write_text(stale)
            start(postgres)
        finally:
            unrelated.kill()


def test_a_server_that_is_still_ending_is_waited_for(postgres: Postgres, start: Starter) -> None:
    first = start(postgres)
    first.ask_to_stop()
    second = start(postgres)
    assert first.status() == 0
    assert second.status() is None


def test_a_making_that_was_killed_half_way_leaves_no_trace(
    fresh: Postgres, places: Places, start: Starter
) -> None:
    code = (
        "import sys; from pathlib import Path; from config.places import Places;"
        "from config.embedded.preparation import embedded_services;"
        "[s.prepare() for s in embedded_services(Places(Path(sys.argv[1])), redis=False)]"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(places.data)], cwd=PROJECT) as maker:

        def has_begun() -> bool:
            return any(places.data.glob("postgres.new-*/PG_VERSION"))

        wait_for(has_begun, seconds=30, what="initdb is at work")
        maker.kill()
    assert not places.postgres.exists()

    start(fresh)
    assert list(places.data.glob("postgres.new-*")) == []


def test_data_of_another_major_is_refused_and_left_alone(postgres: Postgres) -> None:
    postgres.prepare()
    version = postgres.places.postgres / "PG_VERSION"
    ours = version.read_text()
    version.write_text("17\n")
    try:
        with pytest.raises(ForeignMajor, match=r"made by PostgreSQL 17.*brings PostgreSQL 18"):
            postgres.prepare()
        assert read_major(postgres.places.postgres) == 17
    finally:
        version.write_text(ours)


def test_a_folder_that_is_no_data_directory_is_refused(fresh: Postgres, places: Places) -> None:
    places.postgres.mkdir()
    (places.postgres / "letter.txt").write_text("mine")
    with pytest.raises(FolderUnsafe, match="not a PostgreSQL data directory"):
        fresh.prepare()
    assert (places.postgres / "letter.txt").read_text() == "mine"


def test_a_link_in_place_of_the_socket_folder_is_refused(
    fresh: Postgres, places: Places, folder: Path
) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    places.sockets.symlink_to(elsewhere)
    with pytest.raises(FolderUnsafe, match="must be a folder"):
        fresh.prepare()


def test_an_open_socket_folder_is_refused_and_not_changed(
    fresh: Postgres, places: Places, account: Account
) -> None:
    places.sockets.mkdir()
    os.chown(places.sockets, account.uid, account.gid)
    places.sockets.chmod(0o755)
    with pytest.raises(FolderUnsafe, match="chmod 700"):
        fresh.prepare()
    assert mode(places.sockets) == 0o755


@needs_root
def test_a_socket_folder_of_somebody_else_is_refused(fresh: Postgres, places: Places) -> None:
    places.sockets.mkdir(mode=0o700)
    os.chown(places.sockets, NOBODY, NOBODY)
    with pytest.raises(FolderUnsafe, match="belongs to"):
        fresh.prepare()


def test_a_start_that_fails_tells_the_servers_own_words(
    postgres: Postgres, account: Account, start: Starter
) -> None:
    broken = Postgres(postgres.places, account, settings={"shared_buffers": "lots"})
    with pytest.raises(Exception, match='invalid value for parameter "shared_buffers"'):
        start(broken)


@pytest.mark.exhaustive
def test_a_folder_with_a_long_and_odd_name_is_no_obstacle(
    folder: Path, account: Account, start: Starter
) -> None:
    places = Places(folder / ("long, odd 'name' %d" + "x" * 80) / "data")
    for service in embedded_services(places):
        start(service)
    try:
        assert mode(places.sockets) == 0o700
        assert places.data not in places.sockets.parents
        assert places.sockets.stat().st_uid == account.uid
    finally:
        start.end()
        shutil.rmtree(places.sockets)
