"""The embedded Redis: one private unix socket, nothing kept on disk, no scripts.

It carries wake-ups and a cache only; losing what is in it loses no state.
"""

import signal
from pathlib import Path

import redis

from config.embedded.binaries import find_redis
from config.embedded.postgres import write_configuration
from config.embedded.service import configuration_folder
from config.places import Places
from config.processes.child import ChildSpec
from machine.account import Account, bare_environment
from machine.folders import own_folder, private_folder
from machine.leftovers import end_leftovers

LEFTOVER_SECONDS = 6
# The interpreter behind these was the way into Redis servers again and again.
REFUSED_COMMANDS = ["EVAL", "EVALSHA", "SCRIPT", "DEBUG", "MODULE"]
REFUSED_SINCE_7 = ["EVAL_RO", "EVALSHA_RO", "FUNCTION", "FCALL", "FCALL_RO"]


class Redis:
    name = "redis"

    def __init__(self, places: Places, account: Account) -> None:
        self.places = places
        self.account = account
        self.binary = find_redis(places, account)
        self.title = f"Redis {self.binary.version_text}"

    @property
    def socket(self) -> Path:
        return self.places.sockets / "redis.sock"

    def prepare(self) -> None:
        end_leftovers(
            self.places.redis,
            program="redis-server",
            stop=signal.SIGTERM,
            seconds=LEFTOVER_SECONDS,
        )
        private_folder(self.places.sockets, self.account)
        private_folder(self.places.redis, self.account)
        folder = configuration_folder(self.places)
        own_folder(folder, 0o755 if self.account.switch else 0o700)
        write_configuration(folder / "redis.conf", self._configuration())

    def spec(self) -> ChildSpec:
        return ChildSpec(
            name=self.name,
            arguments=(
                str(self.binary.program),
                str(configuration_folder(self.places) / "redis.conf"),
            ),
            folder=self.places.redis,
            log=self.places.logs / "redis.log",
            account=self.account,
            environment=bare_environment(),
        )

    def answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def finish(self) -> None:
        """Nothing: an empty Redis is ready as it is."""

    def _configuration(self) -> str:
        refused = list(REFUSED_COMMANDS)
        if self.binary.version >= (7,):
            refused += REFUSED_SINCE_7
        return "\n".join(
            [
                "# Written by Holdfast at every start.",
                "port 0",
                f"unixsocket {_quoted(self.socket)}",
                "unixsocketperm 700",
                f"dir {_quoted(self.places.redis)}",
                'save ""',
                "appendonly no",
                "daemonize no",
                "supervised no",
                *[f'rename-command {command} ""' for command in refused],
                "",
            ]
        )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
