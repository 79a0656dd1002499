"""The command line: `holdfast-agent COMMAND`. Its exit status tells what became of it.

0 done, 1 an upload failed, 2 usage or configuration, 3 not reached, 4 token, 5 refused.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

from holdfast_agent import __version__
from holdfast_agent.commands import reporting, sending, state
from holdfast_agent.errors import (
    ApiError,
    AuthenticationError,
    BusyError,
    NetworkError,
    NotConfigured,
    ServerError,
)
from holdfast_agent.logs import FORMAT, log, log_to_file, redact
from holdfast_agent.settings import read_settings

DONE, FAILED, USAGE, UNREACHED, TOKEN, REFUSED = range(6)


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    status: int
    facts: dict[str, Any]
    _log_to_terminal(given)
    try:
        settings = read_settings(given.config)
        if given.log_file or settings.log_file:
            log_to_file(given.log_file or settings.log_file)
        status, facts = given.run(settings, given)
    except ApiError as error:
        status, facts = status_of(error), {"error": error.message, "code": error.code or None}
    except OSError as error:
        status, facts = USAGE, {"error": str(error), "code": "system"}
    except KeyboardInterrupt:
        return 130
    _show(given, status, facts)
    return status


def status_of(error: ApiError) -> int:
    if isinstance(error, NotConfigured):
        return USAGE
    if isinstance(error, AuthenticationError):
        return TOKEN
    if isinstance(error, (NetworkError, ServerError, BusyError)):
        return UNREACHED
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="holdfast-agent", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--config", metavar="FILE", help="else what HOLDFAST_AGENT_CONFIG names")
    every.add_argument("--json", action="store_true", help="one JSON object instead of text")
    every.add_argument("--log-file", metavar="FILE")
    every.add_argument("--verbose", action="store_true", help="the log on the terminal too")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (state, sending, reporting):
        module.add(commands, every)
    return parser


def _log_to_terminal(given: argparse.Namespace) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.setLevel(logging.INFO if given.verbose or given.command == "watch" else logging.ERROR)
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


def _show(given: argparse.Namespace, status: int, facts: dict[str, Any]) -> None:
    if given.json:
        print(redact(json.dumps({"ok": status == DONE, **facts})))
    elif status != DONE and facts.get("error"):
        print(redact(f"holdfast-agent: {facts['error']}"), file=sys.stderr)
    else:
        for line in facts.pop("lines", None) or _lines(facts):
            print(redact(str(line)))


def _lines(facts: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in facts.items() if value is not None]


if __name__ == "__main__":
    sys.exit(main())
