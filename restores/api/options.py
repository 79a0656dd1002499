"""The option fields of the body that asks for a restore; what they may hold: `restores.options`."""

from typing import Any

from rest_framework import serializers

from backups.engines import RestoreOptions
from backups.options import LONGEST_LIST, LONGEST_NAME
from restores.options import parse_options
from storage.api.bodies import Body, Flag, Number, Text


def _names() -> serializers.Field[Any, Any, Any, Any]:
    return serializers.ListField(
        child=Text(max_length=LONGEST_NAME), max_length=LONGEST_LIST, required=False
    )


class OptionsBody(Body):
    owner = Text(required=False, max_length=63)
    no_privileges = Flag(required=False)
    missing_roles = Text(required=False, max_length=20)
    role_map = serializers.DictField(child=Text(max_length=63), required=False)
    globals = Flag(required=False)
    schemas = _names()
    tables = _names()
    schema_only = Flag(required=False)
    data_only = Flag(required=False)
    jobs = Number(required=False)
    analyze = Flag(required=False)


def options_of(body: dict[str, Any]) -> RestoreOptions:
    """Raises BadOption."""
    names = OptionsBody().fields
    return parse_options({name: value for name, value in body.items() if name in names})
