"""Saving what a form says by a verb, and telling its refusals beside the fields they are about."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError

from access.policy import NotAllowed

Saved = TypeVar("Saved")


def save_form(
    form: forms.BaseForm,
    save: Callable[[], Saved],
    *,
    refusals: tuple[type[Exception], ...],
    field_of: Mapping[str, str] | None = None,
) -> Saved | None:
    """What was saved; None when the form is empty, or has a mistake, which then stands in it.

    A refusal may name an `option`: `field_of` says which field asks for it, where that has another
    name. Raises PermissionDenied.
    """
    if not form.is_valid():
        return None
    try:
        return save()
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except ValidationError as error:
        form.add_error(None, error.messages)
    except refusals as error:
        option = getattr(error, "option", None) or ""
        name = (field_of or {}).get(option, option)
        form.add_error(name if name in form.fields else None, str(error))
    return None
