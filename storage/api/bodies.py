"""Reading a request: who asks, and a body in which each value is of its own kind.

Serializers here convert nothing: a number as a text is refused, and so is a name that is not
known.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from access.models import Company, User
from access.policy import Actor, NotAllowed, companies_where


class BadValue(ParseError):
    """A value of the request cannot be used; `option` names it in the answer."""

    default_code = "bad_option"

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class Text(serializers.CharField):
    """A text as it is sent: nothing is trimmed, and nothing else becomes one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Number(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Body(serializers.Serializer[Any]):
    """A JSON object in which only the declared names stand."""

    default_error_messages = {"unknown": gettext_lazy("There is no field of this name.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                shown = str(unknown[0])[:60].encode(errors="replace").decode()
                raise serializers.ValidationError({shown: self.error_messages["unknown"]})
        return super().to_internal_value(data)


def read_body(request: Request, kind: type[Body], *, partial: bool = False) -> dict[str, Any]:
    """The checked values. Raises a ValidationError that names each one that cannot be used."""
    if not isinstance(request.data, dict):
        raise BadValue("body", _("Send a JSON object."))
    body = kind(data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found


def actor_of(request: Request) -> User:
    assert isinstance(request.user, User)  # the default permission is IsAuthenticated
    return request.user


def company_for(*, actor: Actor, permission: str, ref: str = "") -> Company:
    """The company of an id or name in which the actor may do this; the only one when none is
    named. Raises NotAllowed, or BadValue when it is not clear which one is meant."""
    found = list(companies_where(actor, permission)[:100])
    if ref:
        found = [one for one in found if ref in (one.name, str(one.pk))]
    if not found:
        if not ref and not actor.may(permission):
            raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
        raise BadValue("company", _("There is no such company for you."))
    if len(found) > 1:
        raise BadValue("company", _("Say which company: its id or name."))
    return found[0]
