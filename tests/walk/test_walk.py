"""Everyone everywhere: each route of the resolver, with each method, for each of the cast."""

import pytest

from access.routes import OPEN_ROUTES
from tests.walk.routes import http_routes
from tests.walk.rules import ADMIN_SITE, RULES
from tests.walk.walk import Walk

ROUTES = http_routes()


def group_of(pattern: str) -> str:
    first, _, rest = pattern.partition("/")
    return f"{first}/{rest.partition('/')[0]}" if first == "admin" else first


@pytest.mark.parametrize("group", sorted({group_of(route.pattern) for route in ROUTES}))
def test_everyone_gets_what_is_theirs(walk: Walk, group: str) -> None:
    routes = [route for route in ROUTES if group_of(route.pattern) == group]
    found = walk.complaints(routes)
    assert not found, "\n".join(found)
    assert walk.requests >= len(routes) * 3 * 7


def test_every_route_is_walked_once() -> None:
    names = [route.name for route in ROUTES]
    assert len(names) == len(set(names)) > 180


def test_no_rule_is_of_a_route_that_is_gone() -> None:
    names = {route.name for route in ROUTES}
    assert set(RULES) <= names
    assert {f"admin:{model}_changelist" for model in ADMIN_SITE} <= names
    assert names >= OPEN_ROUTES
