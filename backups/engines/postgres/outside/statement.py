"""One SQL statement while it is read: its words, its text, and where it ends."""

from collections.abc import Container

from backups.engines.postgres.outside.lexing import Token


class Statement:
    """One statement, until its semicolon: where psql sees its end, too (psqlscan.l)."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.names: list[str] = []
        self.size = 0
        self.starts_at = 0
        self.is_blank = True
        self.is_released = False
        self.is_over = False
        self._pieces: list[bytes] = []
        self._parens = 0
        self._begins = 0

    def text(self) -> bytes:
        return b"".join(self._pieces)

    def release(self) -> bytes:
        found, self._pieces, self.size, self.is_released = self.text(), [], 0, True
        return found

    def first(self, words: str) -> bool:
        return " ".join(self.words[: words.count(" ") + 1]) == words

    def is_first_of(self, several: Container[str]) -> bool:
        """Whether it begins with one of these, of up to three words."""
        return any(" ".join(self.words[:count]) in several for count in (1, 2, 3))

    def add(self, token: Token) -> None:
        if self.is_blank and token.kind not in ("space", "comment"):
            self.is_blank, self.starts_at = False, self.size
        self._pieces.append(token.text)
        self.size += len(token.text)
        if token.kind == "word":
            self._word(token.text.decode("utf-8", "replace"))
        elif token.kind == "name":
            self._keep('"', token.text[1:-1].replace(b'""', b'"').decode("utf-8", "replace"))
        elif token.kind == "mark":
            self._mark(token.text)

    def _word(self, word: str) -> None:
        upper = word.upper()
        self._keep(upper, word.lower())
        if self._parens or not self._makes_a_routine():
            return
        if upper == "BEGIN" or (upper == "CASE" and self._begins):
            self._begins += 1
        elif upper == "END" and self._begins:
            self._begins -= 1

    def _makes_a_routine(self) -> bool:
        words = self.words[1:4] if self.words[:1] == ["CREATE"] else []
        if words[:2] == ["OR", "REPLACE"]:
            words = words[2:]
        return words[:1] in (["FUNCTION"], ["PROCEDURE"])

    def _keep(self, word: str, name: str) -> None:
        self.words.append(word)
        self.names.append(name)
        if len(self.words) > 200:
            # The first ones say what it is, the last ones to whom it goes.
            del self.words[50:100], self.names[50:100]

    def _mark(self, mark: bytes) -> None:
        if mark == b"(":
            self._parens += 1
        elif mark == b")":
            self._parens = max(0, self._parens - 1)
        elif not self._parens and not self._begins:
            self.is_over = True
