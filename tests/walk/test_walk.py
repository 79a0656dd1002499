"""Everyone everywhere: each route of the resolver, with each method, for each of the cast."""

import pytest
from django.conf import LazySettings
from django.test import Client

from access.routes import DOCS_ROUTES, OPEN_ROUTES
from tests.walk.routes import http_routes
from tests.walk.rules import ADMIN_SITE, RULES
from tests.walk.walk import Walk
from tests.walk.world import PEOPLE

ROUTES = http_routes()


def group_of(pattern: str) -> str:
    first, _, rest = pattern.partition("/")
    return f"{first}/{rest.partition('/')[0]}" if first == "admin" else first


GROUPS = sorted({group_of(route.pattern) for route in ROUTES})


@pytest.mark.parametrize("group", GROUPS)
def test_everyone_gets_what_is_theirs(walk: Walk, group: str) -> None:
    routes = [route for route in ROUTES if group_of(route.pattern) == group]
    found = walk.complaints(routes)
    assert not found, "\n".join(found)
    assert walk.pairs == {(route.name, who) for route in routes for who in PEOPLE}


@pytest.mark.exhaustive
@pytest.mark.parametrize("group", [group for group in GROUPS if group.startswith("admin")])
def test_to_the_admin_site_any_other_method_is_reading(walk: Walk, group: str) -> None:
    """PUT stands for all of them."""
    routes = [route for route in ROUTES if group_of(route.pattern) == group]
    found = walk.complaints(routes, methods=["PUT"])
    assert not found, "\n".join(found)


def test_the_description_is_open_only_where_that_is_set(walk: Walk, settings: LazySettings) -> None:
    routes = [route for route in ROUTES if route.name in DOCS_ROUTES]
    assert len(routes) == 5
    settings.DOCS_PUBLIC = True
    assert not walk.complaints(routes)
    answers = [Client().get(route.path({})) for route in routes]
    assert [answer.status_code for answer in answers] == [200] * 5
    # A cookie of nobody opens no more than before.
    assert Client().get("/api/databases").status_code == 401
    settings.DOCS_PUBLIC = False
    assert [Client().get(route.path({})).status_code for route in routes] == [
        401,
        302,
        302,
        302,
        302,
    ]


def test_every_route_is_walked_once() -> None:
    names = [route.name for route in ROUTES]
    assert len(names) == len(set(names)) > 180


def test_no_rule_is_of_a_route_that_is_gone() -> None:
    names = {route.name for route in ROUTES}
    assert set(RULES) <= names
    assert {f"admin:{model}_changelist" for model in ADMIN_SITE} <= names
    assert names >= OPEN_ROUTES | DOCS_ROUTES
