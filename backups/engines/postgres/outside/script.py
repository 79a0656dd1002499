"""Plain SQL by pg_dump, read in one pass: what may pass is given on, a statement at a time.

Nothing that only psql understands passes, nothing reaches a file or a program, each COPY ends
with its `\\.`, and the end is the one that pg_dump writes. Roles and grants are left out, as
pg_restore does with --no-owner --no-privileges.
"""

import re
from collections import Counter
from collections.abc import Callable

from django.utils.translation import gettext as _

from backups.engines.postgres.outside import verdicts
from backups.engines.postgres.outside.lexing import Lexer
from backups.engines.postgres.outside.rows import Rows
from backups.engines.postgres.outside.statement import Statement
from backups.file_errors import CutShort, Damaged

COMPLETE = b"-- PostgreSQL database dump complete"
INSERT = ["INSERT", "INTO"]
# What is longer goes on in pieces; nothing that is judged as a whole is.
LONGEST_JUDGED = 1 << 20
MOST_NAMED = 1000

_RESTRICT = re.compile(rb"\\(restrict|unrestrict) ([A-Za-z0-9]{1,128})\r?\n")
_NAME = rb'(?:[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*|"(?:[^"]|"")+")'
_COPY_IN = re.compile(
    rb"COPY\s+(%(name)s(?:\.%(name)s)?)\s*(?:\(\s*%(name)s(?:\s*,\s*%(name)s)*\s*\)\s*)?FROM\s+stdin\s*;"
    % {b"name": _NAME},
    re.IGNORECASE,
)


class Script:
    """Feed it the script; `pass_on` gets what may run. Every `feed` may raise a `Refused`."""

    def __init__(self, pass_on: Callable[[bytes], object] = lambda _text: None) -> None:
        self.extensions: list[str] = []
        self.left_out: list[str] = []
        self.tables: list[str] = []
        self.counts: Counter[str] = Counter()
        self._pass_on = pass_on
        self._lexer = Lexer()
        self._rows: Rows | None = None
        self._key: bytes | None = None
        self._is_unrestricted = False
        self._complete = False
        self._statement = Statement()
        self._awaits_line_end = False

    def feed(self, data: bytes) -> None:
        self._lexer.feed(data)
        self._work(final=False)

    def finish(self) -> None:
        """Raises CutShort unless its end is the one that pg_dump writes."""
        self._work(final=True)
        if self._rows is not None:
            raise CutShort(_("The script is cut within the rows of a table."))
        self._lexer.finish()
        if not self._complete or not self._statement.is_blank:
            raise CutShort(_("The script is cut: its last line is not that of a whole dump."))
        if self._key is not None and not self._is_unrestricted:
            raise CutShort(_("The script is cut: its \\restrict is not ended."))

    def _work(self, *, final: bool) -> None:
        while True:
            if self._awaits_line_end and not self._begin_copy():
                return
            if self._rows is not None:
                if not self._rows.read(final=final):
                    return
                self._rows = None
            if not self._read(final=final):
                return

    def _read(self, *, final: bool) -> bool:
        """Tokens until there are no more, or rows follow: then True."""
        for token in self._lexer.tokens(final=final):
            if token.kind == "meta":
                return self._meta(final=final)
            if token.kind == "comment" and token.text.rstrip() == COMPLETE:
                self._complete = self._statement.is_blank
            elif token.kind not in ("space", "comment"):
                if self._is_unrestricted:
                    raise self._lexer.refused(_("something behind the end of the dump"))
                self._complete = False
            self._statement.add(token)
            if token.kind == "word" and self._statement.words == INSERT:
                self._lexer.takes_rows = True
            if self._statement.is_over:
                self._lexer.takes_rows = False
                self._judge()
                if self._awaits_line_end:
                    return True
            elif self._statement.size > LONGEST_JUDGED:
                self._release()
        return False

    def _judge(self) -> None:
        statement, self._statement = self._statement, Statement()
        if statement.is_released or statement.words[:2] == INSERT:
            self._pass_on(statement.text())
            return
        first = statement.first
        self.counts[" ".join(statement.words[:2])[:40]] += 1
        if first("COPY"):
            self._judge_copy(statement)
        elif said := verdicts.refused(statement):
            raise self._lexer.refused(said)
        elif verdicts.is_left_out(statement):
            if len(self.left_out) < MOST_NAMED:
                self.left_out.append(" ".join(statement.words[:4]).lower()[:200])
        elif verdicts.is_dropped(statement):
            # Its line breaks stay, so that psql's line numbers are the file's.
            self._pass_on(b"\n" * statement.text().count(b"\n"))
        else:
            if said := verdicts.refused_setting(statement):
                raise self._lexer.refused(said)
            self._note_extension(statement)
            self._pass_on(statement.text())

    def _note_extension(self, statement: Statement) -> None:
        if statement.first("CREATE EXTENSION") and len(self.extensions) < MOST_NAMED:
            at = 5 if statement.words[2:5] == ["IF", "NOT", "EXISTS"] else 2
            self.extensions.append("".join(statement.names[at : at + 1]))

    def _judge_copy(self, statement: Statement) -> None:
        text = statement.text()
        match = _COPY_IN.fullmatch(text[statement.starts_at :])
        if match is None:
            what = "COPY … PROGRAM" if "PROGRAM" in statement.words else "COPY"
            raise self._lexer.refused(_("%(what)s other than from these lines") % {"what": what})
        if len(self.tables) < MOST_NAMED:
            self.tables.append(match[1].decode("utf-8", "replace"))
        self._pass_on(text)
        self._awaits_line_end = True

    def _begin_copy(self) -> bool:
        following = self._lexer.next_byte()
        if not following:
            return False
        if following != b"\n":
            raise self._lexer.refused(_("something behind a COPY in its line"))
        self._pass_on(self._lexer.take_line() or b"")
        self._awaits_line_end, self._rows = False, Rows(self._lexer, self._pass_on)
        return True

    def _meta(self, *, final: bool) -> bool:
        """A command of psql's, which begins with the backslash just taken."""
        rest = self._lexer.take_line()
        if rest is None and not final:
            self._lexer.give_back(b"\\")
            return False
        line = b"\\" + (self._lexer.rest() + b"\n" if rest is None else rest)
        match = _RESTRICT.fullmatch(line)
        if match is None or not self._statement.is_blank:
            self._lexer.line -= 1 if rest is not None else 0
            shown = line[:40].decode("utf-8", "replace").strip()
            raise self._lexer.refused(_("the command %(shown)s of psql") % {"shown": repr(shown)})
        if match[1] == b"restrict":
            if self._key is not None or self.counts:
                raise self._lexer.refused(_("a second \\restrict"))
            self._key = match[2]
        else:
            if match[2] != self._key or not self._complete:
                raise self._lexer.refused(_("an \\unrestrict that is not its own"))
            self._is_unrestricted = True
        # Ours stand around it all.
        self._pass_on(b"\n")
        return True

    def _release(self) -> None:
        statement = self._statement
        if statement.is_blank:
            self._pass_on(statement.text())
            self._statement = Statement()
            return
        if statement.first("COPY") or not statement.words:
            raise Damaged(_("A statement of the script does not end."))
        if not statement.is_released and verdicts.has_to_be_whole(statement):
            raise self._lexer.refused(" ".join(statement.words[:2]))
        self._pass_on(statement.release())
