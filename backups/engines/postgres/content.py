"""Reading an archive to its end with the engine's own reader, writing nothing."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from backups.engines.postgres.clients import choose_for_reading
from backups.engines.postgres.connection import last_line
from backups.engines.postgres.process import Tool, running, widen
from backups.errors import Corrupt

READING = re.compile(r'pg_restore: processing data for table "(.*)"$')


class PostgresContentCheck:
    """pg_restore reads all of it; its tables must be those that pg_dump said it dumped."""

    def __init__(self, tool: Tool, tables: list[str] | None, read: list[str]) -> None:
        self.tool = tool
        self.expected = tables
        self.read = read

    def write(self, data: bytes, /) -> int:
        assert self.tool.process.stdin is not None
        try:
            self.tool.process.stdin.write(data)
        except BrokenPipeError:
            # It stopped reading: `finish` tells why.
            self.finish()
            raise Corrupt(_("The archive goes on behind its end.")) from None
        return len(data)

    def finish(self) -> None:
        assert self.tool.process.stdin is not None
        try:
            self.tool.process.stdin.close()
        except BrokenPipeError:
            pass
        if self.tool.wait() != 0:
            raise Corrupt(
                _("The archive cannot be read to its end: %(said)s")
                % {"said": last_line(self.tool.said)},
                detail=self.tool.said,
            )
        if self.expected is None:
            return
        missing = sorted(set(self.expected) - set(self.read))
        if missing or len(self.read) != len(self.expected):
            raise Corrupt(
                _("The archive lacks the data of: %(tables)s") % {"tables": ", ".join(missing[:20])}
            )


@contextmanager
def checking(contents: dict[str, Any]) -> Iterator[PostgresContentCheck]:
    """`contents` is what `PostgresDump.finish` returned; it stands in the manifest. Of a dump from
    elsewhere its `tables` are None: whatever is read to its end is right."""
    clients = choose_for_reading(
        int(contents["tool_major"]), needs_zstd=bool(contents.get("zstd_inside"))
    )
    read: list[str] = []

    def hear(line: str) -> None:
        match = READING.match(line)
        if match:
            read.append(match[1])

    with running(
        [clients.program("pg_restore"), "--verbose", f"--file={os.devnull}"],
        environment={"PATH": os.defpath, "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        on_line=hear,
    ) as tool:
        assert tool.process.stdin is not None
        widen(tool.process.stdin)
        yield PostgresContentCheck(tool, contents["tables"], read)
