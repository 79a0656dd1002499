"""The rows of a COPY within a script: what no dump writes is refused, the end is its own line."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

from backups.engines.postgres.outside.lexing import Lexer
from backups.file_errors import Hostile

MOST_BACKSLASHES = 1 << 20

# COPY's own escapes, as the server writes them; `\.` stands alone in its line.
_BAD_ESCAPE = re.compile(rb"\\[^bfnrtvN]")
_END_OF_DATA = b"\\.\n"


class Rows:
    """Of one table, from the lexer's next byte on; `pass_on` gets them and the line that ends
    them."""

    def __init__(self, lexer: Lexer, pass_on: Callable[[bytes], object]) -> None:
        self._lexer = lexer
        self._pass_on = pass_on
        self._at_line_start = True

    def read(self, *, final: bool) -> bool:
        """Rows, up to their end; False when more has to come."""
        data = self._lexer.rest()
        if self._at_line_start and data.startswith(_END_OF_DATA):
            end = 0
        else:
            found = data.find(b"\n" + _END_OF_DATA)
            end = found + 1 if found >= 0 else -1
        if end >= 0:
            self._pass(data[:end])
            self._pass_on(_END_OF_DATA)
            self._lexer.line += 1
            self._lexer.give_back(data[end + len(_END_OF_DATA) :])
            return True
        # A backslash waits for its letter, and a line for what it is.
        keep = 0 if final else min(len(data), len(_END_OF_DATA) + 1)
        while not final and keep < len(data) and data[-keep - 1 : -keep] == b"\\":
            keep += 1
        if keep > MOST_BACKSLASHES:
            # Nothing but backslashes: pairs, as far as they go.
            keep = 2 + keep % 2
        self._pass(data[: len(data) - keep])
        self._lexer.give_back(data[len(data) - keep :])
        return False

    def _pass(self, data: bytes) -> None:
        if not data:
            return
        escapes = data.replace(b"\\\\", b"")
        if b"\0" in data or _BAD_ESCAPE.search(escapes) or escapes.endswith(b"\\"):
            raise Hostile(
                _("Behind line %(line)d a row has what no dump writes.")
                % {"line": self._lexer.line}
            )
        self._lexer.line += data.count(b"\n")
        self._at_line_start = data.endswith(b"\n")
        self._pass_on(data)
