"""Reaching a PostgreSQL server: parameters, environment for the tools, named failures."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.secrets import SecretUnreadable
from backups.errors import (
    AuthenticationFailed,
    BackupError,
    ConnectionFailed,
    NothingMatches,
    PermissionDenied,
    SecretUnusable,
    TimedOut,
    UnknownDatabase,
    VersionMismatch,
)
from backups.models import Database

CONNECT_SECONDS = 5

# What libpq, the server and the tools say (LC_ALL=C), most telling first.
_SAYINGS: list[tuple[str, type[BackupError]]] = [
    (
        r"password authentication failed|no password supplied|[Pp]eer authentication failed"
        r"|role \".*\" does not exist|Ident authentication failed|no pg_hba\.conf entry"
        r"|authentication failed",
        AuthenticationFailed,
    ),
    (r"database \".*\" does not exist", UnknownDatabase),
    (r"permission denied|must be owner|row-level security|must be superuser", PermissionDenied),
    (r"due to (lock|statement) timeout", TimedOut),
    (r"aborting because of server version mismatch|unsupported version", VersionMismatch),
    (r"no matching (tables|schemas|extensions) were found", NothingMatches),
    (
        r"could not translate host name|Name or service not known|Temporary failure in name"
        r"|[Cc]onnection refused|timeout expired|No route to host|Network is unreachable"
        r"|No such file or directory|server closed the connection|connection to server|SSL"
        r"|the database system is|too many (clients|connections)|remaining connection slots"
        r"|invalid port|could not connect|terminating connection|connection .*(closed|lost|reset)",
        ConnectionFailed,
    ),
]


SEARCH = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)"


@dataclass(frozen=True)
class Server:
    """One database on one server, with the password in plain: lives only while it is used."""

    host: str
    port: int
    user: str
    database: str
    tls_mode: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, database: Database) -> "Server":
        """Raises SecretUnusable."""
        try:
            password = database.password
        except SecretUnreadable as error:
            raise SecretUnusable(str(error)) from error
        return cls(
            host=database.host,
            port=database.port,
            user=database.username,
            database=database.database_name,
            tls_mode=database.tls_mode,
            password=password,
        )

    @property
    def needs_tls(self) -> bool:
        return self.tls_mode in (Database.TlsMode.REQUIRE, Database.TlsMode.VERIFY_FULL)

    def connect(self, *, application: str) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection, which finds nothing but PostgreSQL's own. Raises BackupError.

        Who may make things in a schema of the search path could make an operator that fits the
        names in catalogs better than any, and it would run with our rights.

        psycopg quotes each part into a conninfo string, in which a database name is literal,
        whatever it looks like (libpq expands one only when it is given apart).
        """
        try:
            session = psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password or None,
                dbname=self.database,
                sslmode=self.tls_mode,
                connect_timeout=CONNECT_SECONDS,
                application_name=application,
                autocommit=True,
                # A network that is cut is noticed within a minute, also in a long query.
                keepalives_idle=20,
                keepalives_interval=10,
                keepalives_count=3,
                tcp_user_timeout=60_000,
                # Nobody's ~/.pgpass: the password is the one given here.
                passfile="/nonexistent",
            )
            # Not as an option of the connection: poolers refuse those.
            session.execute(SEARCH)
        except psycopg.Error as error:
            raise named_failure(str(error)) from error
        return session

    @contextmanager
    def tool_environment(
        self, *, application: str
    ) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
        """The environment and file descriptors for pg_dump and its like.

        The password file (mode 0600) has no name on any disk: it is gone with the last process
        that holds it open, also after a kill.
        """
        passfile = os.memfd_create("pgpass")
        try:
            os.fchmod(passfile, 0o600)
            os.write(passfile, self._passfile_lines().encode())
            environment = {
                "PATH": os.defpath,
                "LC_ALL": "C",
                "PGHOST": self.host,
                "PGPORT": str(self.port),
                "PGUSER": self.user,
                "PGDATABASE": self.database,
                "PGSSLMODE": self.tls_mode,
                "PGAPPNAME": application,
                "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
                "PGPASSFILE": f"/proc/self/fd/{passfile}",
                "PGCLIENTENCODING": "UTF8",
            }
            yield environment, (passfile,)
        finally:
            os.close(passfile)

    def _passfile_lines(self) -> str:
        # For the socket folder that libpq was built with it looks up "localhost".
        hosts = [self.host, "localhost"] if self.host.startswith("/") else [self.host]
        rest = (str(self.port), self.database, self.user, self.password)
        return "".join(
            ":".join(re.sub(r"([:\\])", r"\\\1", part) for part in (host, *rest)) + "\n"
            for host in hosts
        )


def named_failure(said: str, *, default: type[BackupError] = ConnectionFailed) -> BackupError:
    """The error class for what libpq, the server or a tool said."""
    for pattern, kind in _SAYINGS:
        if re.search(pattern, said):
            return kind(_SENTENCES.get(kind) or last_line(said), detail=said)
    return default(last_line(said), detail=said)


def last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|ERROR|FATAL|fatal", line)]
    return (telling or lines or [_("The tool said nothing.")])[-1][:500]


_SENTENCES: dict[type[BackupError], Promise] = {
    AuthenticationFailed: gettext_lazy("The server refused the user or the password."),
    UnknownDatabase: gettext_lazy("There is no such database on the server."),
    ConnectionFailed: gettext_lazy("The database server cannot be reached."),
    NothingMatches: gettext_lazy("The database has nothing of the names that the options ask for."),
}
