"""The embedded PostgreSQL: one private unix socket, no TCP, nobody trusted by word.

The users that run the product are known to the server by their OS account (peer);
every other role needs its password.
"""

import os
import pwd
import signal
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded.binaries import find_postgres
from config.embedded.cluster import ROLE, ensure_cluster
from config.embedded.service import configuration_folder
from config.places import Places
from config.processes.child import ChildSpec
from machine.account import Account, bare_environment
from machine.folders import own_folder, private_folder
from machine.leftovers import end_leftovers

DATABASE = "holdfast"
PORT = 5432
CLOSED_DATABASES = (DATABASE, "postgres", "template1")
LEFTOVER_SECONDS = 30

ACCESS_RULES = f"""\
# Written by Holdfast at every start.
local  all  {ROLE}  peer map=holdfast
local  all  all       scram-sha-256
"""


class Postgres:
    """The server of one installation; `settings` are added to the server's own."""

    name = "postgres"

    def __init__(
        self, places: Places, account: Account, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self.places = places
        self.account = account
        self.binaries = find_postgres(places, account)
        self.title = f"PostgreSQL {self.binaries.version}"
        self._settings = dict(settings or {})

    def prepare(self) -> None:
        end_leftovers(
            self.places.postgres,
            program="postgres",
            stop=signal.SIGINT,
            seconds=LEFTOVER_SECONDS,
        )
        private_folder(self.places.sockets, self.account)
        ensure_cluster(self.places, self.account, self.binaries)
        self._forget_stale_locks()
        self._write_access_rules()

    def spec(self) -> ChildSpec:
        options = [f"--{name}={value}" for name, value in self._server_settings().items()]
        return ChildSpec(
            name=self.name,
            arguments=(
                str(self.binaries.program("postgres")),
                "-D",
                str(self.places.postgres),
                *options,
            ),
            folder=self.places.postgres,
            log=self.places.logs / "postgres.log",
            account=self.account,
            environment=bare_environment(),
            # SIGINT is PostgreSQL's fast shutdown: sessions end, nothing needs replaying.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def finish(self) -> None:
        """The product's database, and no other role's way into the standard ones."""
        with self.connect("postgres") as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            for name in CLOSED_DATABASES:
                connection.execute(
                    sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(
                        sql.Identifier(name)
                    )
                )

    def connect(self, database: str = DATABASE) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.places.sockets),
            port=PORT,
            user=ROLE,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def _server_settings(self) -> dict[str, str]:
        rules = configuration_folder(self.places)
        return {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": _quoted(self.places.sockets),
            "unix_socket_permissions": "0700",
            "hba_file": str(rules / "pg_hba.conf"),
            "ident_file": str(rules / "pg_ident.conf"),
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **self._settings,
        }

    def _forget_stale_locks(self) -> None:
        """Remove what a killed server left: its process id may be another's by now.

        `end_leftovers` has just made sure that no server works in this data directory.
        """
        for path in (
            self.places.postgres / "postmaster.pid",
            self.places.sockets / f".s.PGSQL.{PORT}",
            self.places.sockets / f".s.PGSQL.{PORT}.lock",
        ):
            path.unlink(missing_ok=True)

    def _write_access_rules(self) -> None:
        folder = configuration_folder(self.places)
        own_folder(folder, 0o755 if self.account.switch else 0o700)
        users = {pwd.getpwuid(os.geteuid()).pw_name, self.account.name}
        lines = [f'holdfast  "{user}"  {ROLE}\n' for user in sorted(users)]
        write_configuration(folder / "pg_hba.conf", ACCESS_RULES)
        write_configuration(folder / "pg_ident.conf", "".join(lines))


def write_configuration(path: Path, text: str) -> None:
    """Replace a file that a service reads. It holds no secret."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text)
    draft.chmod(0o644)
    draft.replace(path)


def _quoted(path: Path) -> str:
    """One element of a comma-separated setting (unix_socket_directories)."""
    escaped = str(path).replace('"', '""')
    return f'"{escaped}"'
