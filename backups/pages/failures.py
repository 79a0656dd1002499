"""What a verb refused, as a sentence at the form: at its field where there is one."""

from django import forms
from django.utils.translation import gettext as _

from backups.errors import BackupError, BadOption


class Failure:
    """A named error for `components/message.html`: title, cure and the tool's own words."""

    def __init__(self, error: BackupError) -> None:
        self.kind = "error"
        self.title = str(error)
        self.cure = str(error.cure)
        self.words = error.detail
        self.code = error.code
        self.status = error.status


def explain(form: forms.BaseForm, error: BackupError) -> Failure | None:
    """Put the error at its field and return None, or return it for the top of the form."""
    if isinstance(error, BadOption) and error.option in form.fields:
        form.add_error(error.option, str(error))
        return None
    return Failure(error)


def mistakes(form: forms.BaseForm) -> list[str]:
    """Every mistake of a form as ``Label: sentence``, for the summary at its top."""
    found = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else None
        found += [f"{label}: {error}" if label else str(error) for error in errors]
    return found or [_("The form could not be read.")]


def cure_of(code: str) -> str:
    """What to do about the error, from its class."""
    if not code:
        return ""
    known: dict[str, type[BackupError]] = {kind.code: kind for kind in _kinds(BackupError)}
    kind = known.get(code)
    return str(kind.cure) if kind else ""


def _kinds(base: type[BackupError]) -> list[type[BackupError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in _kinds(child))]
