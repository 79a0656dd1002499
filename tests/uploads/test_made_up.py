"""Requests made up from the description of the data plane, to the server that has it."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.api.test_schemathesis import CHECKS, RANDOM
from tests.uploads.sending import Sender
from uploads.ingest.routes import ROUTES

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]


def test_no_request_breaks_it(sender: Sender, clip: bytes) -> None:
    try_requests(sender, clip, cases=20)


@pytest.mark.exhaustive
def test_no_request_of_thousands_breaks_it(sender: Sender, clip: bytes) -> None:
    try_requests(sender, clip, cases=2000)


def try_requests(sender: Sender, clip: bytes, *, cases: int) -> None:
    headers = {"Authorization": f"Bearer {sender.token}"}
    described = schemathesis.openapi.from_dict(sender.ask("GET", "/api/schema").json)
    asked = described.include(path=[route.pattern for route in ROUTES])
    found: list[Any] = list(asked.get_all_operations())
    operations = [one.ok() for one in found]
    assert len(operations) > len(ROUTES)
    session_id = sender.open(clip)["session_id"]

    @settings(
        max_examples=cases,
        deadline=None,
        derandomize=not RANDOM,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of([one.as_strategy(mode) for one in operations for mode in GenerationMode]),
        is_there=st.booleans(),
    )
    def ask(case: Case[Any], is_there: bool) -> None:
        if is_there and "session_id" in (case.path_parameters or {}):
            case.path_parameters["session_id"] = session_id
        case.call_and_validate(base_url=sender.base, headers=headers, checks=CHECKS)

    ask()
