"""What can go wrong with alerts and their channels; each has a code and a sentence."""


class AlertError(Exception):
    """`status` is that of the HTTP answer."""

    code = "alert_error"
    status = 400


class NoSuchAlert(AlertError):
    code = "not_found"
    status = 404


class NoSuchChannel(AlertError):
    code = "not_found"
    status = 404


class NoSuchWindow(AlertError):
    code = "not_found"
    status = 404


class NoSuchAgent(AlertError):
    code = "not_found"
    status = 404


class IsOver(AlertError):
    """The alert is resolved: there is nothing to acknowledge or to snooze."""

    code = "alert_is_over"
    status = 409


class BadOption(AlertError):
    """What was said cannot be used; `option` names the field."""

    code = "bad_option"

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class NotSent(Exception):
    """It did not go; another try may help."""


class Refused(NotSent):
    """It was refused for good: the same again would be refused again."""
