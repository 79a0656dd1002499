"""Requests made up from the description, and what is asked of their answers.

Imported by the tests that use it when they run: schemathesis takes each worker a second to load.
"""

import os
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from access.models import User
from access.policy import System
from access.tokens import create_token
from tests.uploads.sending import Sender
from uploads.ingest.routes import ROUTES

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
RANDOM = bool(os.environ.get("HOLDFAST_SCHEMATHESIS_RANDOM"))
WITHOUT_IDS = ["Description"]


def some(cases: int) -> settings:
    """So many made-up cases: the same ones each time, or with the variable others."""
    return settings(
        max_examples=cases,
        deadline=None,
        derandomize=not RANDOM,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def operations_of(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def try_views(group: str, known: dict[str, list[str]], user: User, *, cases: int) -> None:
    token = create_token(user=user, name="x", actor=System("cli"))
    headers = {"Authorization": f"Bearer {token}"}
    app = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/schema", app=app, headers=headers)
    # The data plane stands before Django: tests/walk/test_data_plane asks it by a real server.
    asked = schema.include(tag=group).exclude(path=[route.pattern for route in ROUTES])
    operations = operations_of(asked)
    assert operations
    strategies: list[Any] = [
        operation.as_strategy(mode)
        for operation in operations
        for mode in GenerationMode
        if mode == GenerationMode.POSITIVE or group not in WITHOUT_IDS
    ]

    @some(cases)
    @given(case=st.one_of(strategies), choice=st.integers(0, 5))
    def ask(case: Case[Any], choice: int) -> None:
        with transaction.atomic():
            aimed(case, known, choice).call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    ask()


def aimed(case: Case[Any], known: dict[str, list[str]], choice: int) -> Case[Any]:
    """Made-up ids are never there: half of the requests are about what is."""
    if choice % 2:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known[name][choice % len(known[name])]
        if isinstance(case.body, dict) and "database" in case.body:
            case.body["database"] = "orders"
    return case


def try_data_plane(sender: Sender, clip: bytes, *, cases: int) -> None:
    headers = {"Authorization": f"Bearer {sender.token}"}
    described = schemathesis.openapi.from_dict(sender.ask("GET", "/api/schema").json)
    asked = described.include(path=[route.pattern for route in ROUTES])
    operations = operations_of(asked)
    assert len(operations) > len(ROUTES)
    session_id = sender.open(clip)["session_id"]

    @some(cases)
    @given(
        case=st.one_of([one.as_strategy(mode) for one in operations for mode in GenerationMode]),
        is_there=st.booleans(),
    )
    def ask(case: Case[Any], is_there: bool) -> None:
        if is_there and "session_id" in (case.path_parameters or {}):
            case.path_parameters["session_id"] = session_id
        case.call_and_validate(base_url=sender.base, headers=headers, checks=CHECKS)

    ask()
