"""Everyone everywhere: each route of the resolver, with each method, for each of the cast."""

import pytest
from django.conf import LazySettings
from django.test import Client

from access.routes import DOCS_ROUTES, OPEN_ROUTES
from tests.walk.derived import rule_for
from tests.walk.routes import Route, http_routes
from tests.walk.rules import ADMIN_SITE, RULES
from tests.walk.walk import Walk, at_the_edge
from tests.walk.world import PEOPLE

ROUTES = http_routes()


def parts_of(routes: list[Route], count: int) -> list[list[Route]]:
    """Of like size: they run beside each other."""
    return [routes[start::count] for start in range(count)]


# Django's admin asks the same of each method; its routes are half of all.
ADMIN = [route for route in ROUTES if route.pattern.startswith("admin/")]
OURS = [route for route in ROUTES if not route.pattern.startswith("admin/")]


@pytest.mark.parametrize("routes", parts_of(OURS, 4))
def test_no_more_is_opened_and_no_less(walk: Walk, routes: list[Route]) -> None:
    """Where a line's answers change: who is just let in, who is just refused; and strangers."""
    walk.sent = at_the_edge
    require_right_answers(walk, routes)


@pytest.mark.exhaustive
@pytest.mark.parametrize("routes", [*parts_of(OURS, 6), *parts_of(ADMIN, 4)])
def test_everyone_gets_what_is_theirs(walk: Walk, routes: list[Route]) -> None:
    require_right_answers(walk, routes, *only_read(routes))
    assert {who for _name, who in walk.pairs} == set(PEOPLE)


@pytest.mark.exhaustive
@pytest.mark.parametrize("routes", parts_of(ADMIN, 4))
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_on_the_admin_site_everyone_does_what_is_theirs(
    walk: Walk, routes: list[Route], method: str
) -> None:
    """PUT stands for every method that is neither: to Django's admin it is reading."""
    require_right_answers(walk, routes, method)


def only_read(routes: list[Route]) -> tuple[str, ...]:
    return ("GET",) if routes[0] in ADMIN else ()


def require_right_answers(walk: Walk, routes: list[Route], *methods: str) -> None:
    found = walk.complaints(routes, methods)
    assert not found, "\n".join(found)
    rules = {route.name: rule_for(route, walk.world.own) for route in routes}
    asked = {
        (name, who)
        for name, rule in rules.items()
        if rule
        for method in set(methods or rule.methods) & set(rule.methods)
        for who in walk.sent(rule, method)
    }
    assert walk.pairs >= asked


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
