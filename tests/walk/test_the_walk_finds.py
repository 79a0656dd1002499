"""The walk itself is tried: an address that is not protected makes it fail."""

import pytest
from django.conf import LazySettings
from django.urls import get_resolver

from tests.walk import rules
from tests.walk.routes import Route, http_routes
from tests.walk.rules import ALL, READ_ONE, rule
from tests.walk.walk import Walk


@pytest.fixture
def routes(settings: LazySettings) -> dict[str, Route]:
    settings.ROOT_URLCONF = "tests.walk.unprotected"
    return {route.name: route for route in http_routes(get_resolver("tests.walk.unprotected"))}


@pytest.mark.exhaustive
def test_a_route_without_a_rule(walk: Walk, routes: dict[str, Route]) -> None:
    (complaint,) = walk.complaints([routes["forgotten"]])
    assert "forgotten (/forgotten) has no rule" in complaint


@pytest.mark.exhaustive
def test_a_route_that_is_open_and_not_in_the_list(
    walk: Walk, routes: dict[str, Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules.RULES, "open", rule(GET=ALL))
    complaints = walk.complaints([routes["open"]])
    assert "GET open: nobody is answered: let in" in complaints


def test_a_thing_of_another_company(
    walk: Walk, routes: dict[str, Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules.RULES, "leak", rule(GET=READ_ONE))
    complaints = walk.complaints([routes["leak"]])
    assert "GET leak: viewer on a foreign thing: let in, should be 404" in complaints
    assert "GET leak: stranger on a thing of Acme: let in, should be 404" in complaints
    assert "GET leak: viewer is told of elsewheresecret" in complaints


@pytest.mark.exhaustive
def test_a_list_of_everybodys_things(
    walk: Walk, routes: dict[str, Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules.RULES, "names", rule(GET=ALL))
    complaints = walk.complaints([routes["names"]])
    assert "GET names: stranger is told of acmesecret" in complaints


@pytest.mark.exhaustive
def test_a_method_that_nobody_thought_of(walk: Walk, routes: dict[str, Route]) -> None:
    found = rules.RULES["backups:list"]
    methods = {"GET": found.methods["GET"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rules.RULES, "backups:list", rules.Rule(methods))
        complaints = walk.complaints([routes["backups:list"]])
    assert any("POST backups:list: operator on it: let in" in one for one in complaints)
