"""SQL as psql takes it apart (src/fe_utils/psqlscan.l), in one pass and constant memory.

Where psql's reading and ours could come to differ, the text is refused: no dump looks like that.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backups.file_errors import CutShort, Hostile

# The longest thing that has to be seen whole: a name, a number, a comment's line.
LONGEST_TOKEN = 1 << 20

_LETTER = rb"A-Za-z_\x80-\xff"
_TOKEN = re.compile(
    rb"""
    (?P<space>[ \t\r\n\f\v]+)
  | (?P<comment>--[^\n\r]*)
  | (?P<block>/\*)
  | (?P<word>[%(letter)s][%(letter)s0-9$]*)
  | (?P<number>[0-9][%(letter)s0-9$.]*)
  | (?P<dollar>\$(?:[%(letter)s][%(letter)s0-9]*)?\$)
  | (?P<param>\$[0-9][%(letter)s0-9$]*)
  | (?P<open>\$[%(letter)s0-9]*\Z)
  | (?P<quote>')
  | (?P<name>"[^"]*(?:""[^"]*)*"(?![\"]|\Z))
  | (?P<unended>"[^"]*(?:""[^"]*)*"?\Z)
  | (?P<meta>\\)
  | (?P<cast>::)
  | (?P<variable>:['"{A-Z])
  | (?P<mark>[;()])
  | (?P<other>.)
    """
    % {b"letter": _LETTER},
    re.VERBOSE | re.DOTALL,
)
# Rows of an INSERT at once: what is in it is of one reading only, whatever stands around it, and
# its parentheses are in pairs. Four times as fast as token by token. Before 3.11.5 possessive
# repeats match what they must not (https://github.com/python/cpython/issues/106052).
_POSSESSIVE_IS_RIGHT = sys.version_info >= (3, 11, 5)
_ITEM = rb"""
    [ \t\n,.=*+]++
  | -(?=[0-9])
  | [0-9][0-9.]*+(?=[^%(letter)s0-9$.])
  | [A-Za-z_][A-Za-z0-9_]*+(?=[^%(letter)s0-9$'"&])
  | '[^'\\\0]*+(?:''[^'\\\0]*+)*+'(?=[^'])
""" % {b"letter": _LETTER}
_ROWS = re.compile(rb"(?: %(item)s | \((?: %(item)s )*+\) )++" % {b"item": _ITEM}, re.VERBOSE)
_IN_QUOTE = re.compile(rb"[^']+")
_IN_ESCAPE = re.compile(rb"(?:[^'\\]|\\.|'')+", re.DOTALL)
_IN_COMMENT = re.compile(rb"/\*|\*/|[^/*]+|[/*]")
# What may grow when more comes.
_MAY_GROW = frozenset(
    ("comment", "word", "number", "dollar", "param", "open", "unended", "other", "block")
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is space, comment, word, name, text (of any quote or comment), mark, meta or other."""

    kind: str
    text: bytes


class Lexer:
    """Feed it bytes, take tokens. `meta` stops it: what follows a backslash is for the caller."""

    def __init__(self) -> None:
        self.line = 1
        # Whether a statement is read of which no word matters any more.
        self.takes_rows = False
        self._buffer = b""
        self._at = 0
        self._inside = ""  # quote, escape, comment, or the tag of a dollar quote
        self._depth = 0
        self._word_before = b""
        self._after_escape = False

    @property
    def is_in_quote(self) -> bool:
        return bool(self._inside)

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        if len(self._buffer) > LONGEST_TOKEN + len(data):
            raise self.refused(_("a name or a comment that does not end"))

    def rest(self) -> bytes:
        """What was fed and not taken yet; it is taken with this."""
        found, self._buffer, self._at = self._buffer[self._at :], b"", 0
        return found

    def give_back(self, data: bytes) -> None:
        self._buffer, self._at = data + self._buffer[self._at :], 0

    def take_line(self) -> bytes | None:
        """All up to the end of the line, with it; None when that has not come yet."""
        end = self._buffer.find(b"\n", self._at) + 1
        if not end:
            return None
        found = self._buffer[self._at : end]
        self._at = end
        self.line += 1
        return found

    def next_byte(self) -> bytes:
        """Looked at, not taken; empty when it has not come yet."""
        return self._buffer[self._at : self._at + 1]

    def tokens(self, *, final: bool = False) -> Iterator[Token]:
        """Those that are whole. The caller may take lines in between."""
        while self._at < len(self._buffer):
            token = self._in_quote(final=final) if self._inside else self._plain(final=final)
            if token is None:
                return
            self.line += token.text.count(b"\n")
            yield token

    def finish(self) -> None:
        if self._inside:
            raise CutShort(_("The script is cut: a quote or a comment does not end."))

    def refused(self, what: str) -> Hostile:
        return Hostile(_("Line %(line)d has %(what)s.") % {"line": self.line, "what": what})

    def _plain(self, *, final: bool) -> Token | None:
        takes_rows = self.takes_rows and _POSSESSIVE_IS_RIGHT
        if takes_rows and not self._word_before and not self._after_escape:
            rows = _ROWS.match(self._buffer, self._at)
            if rows is not None:
                self._at = rows.end()
                return Token("text", rows[0])
        match = _TOKEN.match(self._buffer, self._at)
        assert match is not None and match.lastgroup is not None
        kind, text = match.lastgroup, match[0]
        if match.end() == len(self._buffer) and kind in _MAY_GROW and not final:
            return None
        if kind == "other" and text == b":" and match.end() == len(self._buffer) and not final:
            return None
        if kind == "unended" and not text.endswith(b'"'):
            raise CutShort(_("The script is cut: a name does not end."))
        self._at = match.end()
        self._enter(kind, text)
        if kind not in ("space", "comment"):
            self._after_escape = False
            self._word_before = text if kind == "word" else b""
        elif kind == "space":
            self._word_before = b""
        return Token(_KINDS.get(kind, kind), text)

    def _enter(self, kind: str, text: bytes) -> None:
        if kind == "quote":
            if self._after_escape:
                raise self.refused(_("a string in two pieces"))
            self._inside = "escape" if self._word_before in (b"E", b"e") else "quote"
        elif kind == "dollar":
            self._inside = text.decode("latin-1")
        elif kind == "block":
            self._inside, self._depth = "comment", 1
        elif kind == "variable":
            raise self.refused(_("a variable of psql"))
        elif (kind == "number" and b"$" in text) or (kind == "param" and not text[1:].isdigit()):
            raise self.refused(_("a number that runs into something else"))
        elif kind == "open":
            raise self.refused(_("a dollar sign that begins nothing"))
        if b"\0" in text:
            raise self.refused(_("a byte of zero"))

    def _in_quote(self, *, final: bool) -> Token | None:
        if self._inside == "quote":
            return self._until_quote()
        if self._inside == "escape":
            return self._until_escaped_quote(final=final)
        if self._inside == "comment":
            return self._until_comment_ends(final=final)
        return self._until_tag(self._inside.encode("latin-1"))

    def _until_quote(self) -> Token:
        # A doubled one ends it and begins it again.
        match = _IN_QUOTE.match(self._buffer, self._at)
        if match is None:
            self._inside = ""
            self._at += 1
            return Token("text", b"'")
        return self._text(match.end())

    def _until_escaped_quote(self, *, final: bool) -> Token | None:
        match = _IN_ESCAPE.match(self._buffer, self._at)
        end = match.end() if match else self._at
        if end == len(self._buffer):
            # Its last byte may be half of a pair.
            return self._text(end) if match and not match[0].endswith(b"'") else None
        if self._buffer[end : end + 1] == b"'" and end + 1 == len(self._buffer) and not final:
            return self._text(end) if end > self._at else None
        if self._buffer[end : end + 1] == b"\\":
            return self._text(end) if end > self._at else None
        self._inside, self._after_escape = "", True
        return self._text(end + 1)

    def _until_comment_ends(self, *, final: bool) -> Token | None:
        match = _IN_COMMENT.match(self._buffer, self._at)
        assert match is not None
        if match.end() == len(self._buffer) and match[0] in (b"/", b"*") and not final:
            return None
        self._depth += {b"/*": 1, b"*/": -1}.get(match[0], 0)
        if not self._depth:
            self._inside = ""
        return self._text(match.end())

    def _until_tag(self, tag: bytes) -> Token | None:
        end = self._buffer.find(tag, self._at)
        if end >= 0:
            self._inside = ""
            return self._text(end + len(tag))
        safe = len(self._buffer) - len(tag) + 1
        return self._text(safe) if safe > self._at else None

    def _text(self, end: int) -> Token:
        found = self._buffer[self._at : end]
        self._at = end
        if b"\0" in found:
            raise self.refused(_("a byte of zero"))
        return Token("text", found)


_KINDS = {
    "block": "text",
    "quote": "text",
    "dollar": "text",
    "unended": "name",
    "number": "other",
    "param": "other",
    "cast": "other",
}
