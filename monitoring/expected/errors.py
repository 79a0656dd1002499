"""What can be wrong with a request about expected backups, by class and stable code."""

from typing import Any


class ExpectedError(Exception):
    """`code` is stable; the message is for a person. `status` is the one of HTTP."""

    code = "expected_refused"
    status = 400


class BadField(ExpectedError):
    """One value cannot be used; `option` names it."""

    code = "bad_option"

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class BadLines(ExpectedError):
    """Lines of a list cannot be used; each is named by its number, and nothing was taken."""

    code = "bad_lines"

    def __init__(self, message: str, lines: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.lines = lines


class NotFound(ExpectedError):
    code = "not_found"
    status = 404


class NotResponsible(ExpectedError):
    """An agent reports for its own jobs."""

    code = "not_responsible"
    status = 403
