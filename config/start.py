"""`manage.py up`, step by step: refuse early, start the services, prepare, start the rest."""

import fcntl
import os
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from config import first_start
from config.embedded.folders import make_data_folder
from config.embedded.preparation import embedded_services
from config.embedded.service import Service, start_service
from config.env import Environment
from config.first_start import FirstStart
from config.places import Places
from config.processes.child import open_log
from config.processes.programs import programs
from config.supervisor import StopRequested, Supervisor, Watched
from machine.errors import MachineError
from machine.folders import own_folder

EXIT_REFUSED = 1
EXIT_RUNNING = 4
WEB_SECONDS = 60


class StartRefused(Exception):
    """`up` cannot start; the message says why, `status` is the exit status."""

    code = "start_refused"

    def __init__(self, message: str, status: int = EXIT_REFUSED) -> None:
        super().__init__(message)
        self.status = status


def say(text: str) -> None:
    """A line for the operator. A terminal that has gone away stops nothing."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        pass


def start_everything(places: Places, environment: Environment, *, version: str) -> None:
    """Run the installation until a signal to stop. Raises StartRefused."""
    try:
        make_data_folder(places)
        with only_one(places):
            if places.recovering.exists():
                raise StartRefused(
                    _("A recovery was begun here and did not end. Repeat: manage.py recover …")
                )
            _check_port(environment)
            own_folder(places.logs, 0o700)
            say(
                _("Holdfast %(version)s, data in %(folder)s")
                % {"version": version, "folder": places.data}
            )
            _supervise(places, environment)
    except MachineError as error:
        raise StartRefused(str(error)) from error
    except PermissionError as error:
        raise StartRefused(
            _("No access to %(path)s. Run as the user who owns it, or set HOLDFAST_DATA_DIR.")
            % {"path": error.filename}
        ) from error


def _supervise(places: Places, environment: Environment) -> None:
    supervisor = Supervisor(say)
    supervisor.listen()
    try:
        with supervisor.interruptible():
            for service in embedded_services(
                places,
                postgres=not environment.database_url,
                redis=not environment.redis_url,
            ):
                _start_service(supervisor, service)
            _prepare(places, environment)
        for program in programs(places, environment):
            supervisor.start(program)
        supervisor.run(_Greeting(environment))
    except StopRequested:
        pass
    finally:
        # A signal from here on only makes the stop quicker.
        say(_("Stopping."))
        supervisor.stop()
    say(_("Stopped."))


def _start_service(supervisor: Supervisor, service: Service) -> None:
    child = start_service(service)
    watched = Watched(
        title=service.title, spec=service.spec, prepare=service.prepare, is_service=True
    )
    supervisor.adopt(watched, child)
    say(f"  {service.title}")


def _prepare(places: Places, environment: Environment) -> None:
    """Migrate and make what a first start needs, in this process; then let go of it all."""
    from django.core.management import call_command
    from django.db import connections

    try:
        with Path(os.devnull).open("w") as nowhere:
            call_command("migrate", interactive=False, verbosity=0, stdout=nowhere)
        _tell_admin(first_start.prepare())
        if environment.sample and first_start.ensure_sample():
            say(_("  Sample database made; its first backup is under way"))
    except Exception as error:  # at the edge: the whole story goes to the log
        with open_log(places.logs / "up.log") as log:
            log.write(traceback.format_exc().encode())
        raise StartRefused(
            _("The database could not be prepared: %(error)s\nMore: %(log)s")
            % {"error": error, "log": places.logs / "up.log"}
        ) from error
    finally:
        # Children are forked from here: no connection and no thread of a pool may remain.
        connections.close_all()
        for connection in connections.all(initialized_only=True):
            close_pool = getattr(connection, "close_pool", None)
            if close_pool:
                close_pool()


def _tell_admin(made: FirstStart) -> None:
    if made.password is None:
        say(_("  Administrator: %(name)s") % {"name": made.admin_name})
        return
    say(
        _("  Administrator: %(name)s   Password: %(password)s")
        % {"name": made.admin_name, "password": made.password}
    )
    say(
        _("  The password is shown only now. To set another: manage.py changepassword %(name)s")
        % {"name": made.admin_name}
    )


class _Greeting:
    """Says once, as soon as the web server takes connections, where it is."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._done = False
        self._deadline = time.monotonic() + WEB_SECONDS

    def __call__(self) -> None:
        if self._done:
            return
        host, port = reachable_address(self._environment)
        if _takes_connections(host, port):
            self._done = True
            shown = f"[{host}]" if ":" in host else host
            say(
                _("\nHoldfast is running: http://%(host)s:%(port)s\nStop it with Ctrl-C.")
                % {"host": shown, "port": port}
            )
        elif time.monotonic() > self._deadline:
            self._done = True
            say(_("The web server does not answer yet; see its log."))


def reachable_address(environment: Environment) -> tuple[str, int]:
    """Where a browser on this machine finds the web server."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nothing is bound here
    return loopback.get(environment.host, environment.host), environment.port


def _takes_connections(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Hold the lock of the data folder, which ends with this process however it ends."""
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with closing(os.fdopen(descriptor, "r+")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartRefused(
                _(
                    "Holdfast is running already on %(folder)s (process %(pid)s). Stop that one "
                    "first, or set HOLDFAST_DATA_DIR and PORT for another."
                )
                % {"folder": places.data, "pid": file.read().strip() or "?"},
                EXIT_RUNNING,
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _check_port(environment: Environment) -> None:
    host, port = environment.host, environment.port
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise StartRefused(
            _(
                "Port %(port)s of %(host)s cannot be used: %(why)s. Set PORT (or HOLDFAST_HOST) to "
                "another, for example PORT=%(next)s."
            )
            % {"port": port, "host": host, "why": error.strerror or error, "next": port % 65535 + 1}
        ) from error
