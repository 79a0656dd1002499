"""The same for WebSockets: every route, everyone, own and foreign things, on a real server."""

from pathlib import Path

import pytest

from tests.choice import as_exhaustive
from tests.monitoring.live.conftest import Listening, listening
from tests.walk.routes import Route, socket_routes
from tests.walk.world import PEOPLE, World, make_world, missing_values

__all__ = ["listening"]

pytestmark = pytest.mark.django_db(transaction=True)

TOLD, LOGIN, MISSING = "connection_established", "not_authenticated", "not_found"
# As in tests/walk/rules.py: `i` is told, `m` is not there.
RULES = {
    "ws:ws/downloads/{download_id}": ("iiimmi", "mmmmii"),
    "ws:ws/queue": ("iiiiii", "iiiiii"),
    "ws:ws/stats": ("iiiiii", "iiiiii"),
    "ws:ws/dashboard": ("iiiiii", "iiiiii"),
    "ws:ws/general": ("iiiiii", "iiiiii"),
    # What no route answers.
    "ws:": ("mmmmmm", "mmmmmm"),
}


# These have one rule: what goes to all of a company goes by one way.
ALIKE = {"ws:ws/stats", "ws:ws/dashboard", "ws:ws/general"}
EACH = [as_exhaustive(one) if one.name in ALIKE else one for one in socket_routes()]


def first_word(listening: Listening, world: World, path: str, who: str) -> str:
    socket = listening.socket(path, world.people.get(who))
    said = socket.next()
    return str(said.get("code") or said["type"])


def test_every_socket_has_a_rule() -> None:
    assert {route.name for route in socket_routes()} == set(RULES)


@pytest.mark.parametrize("route", EACH, ids=lambda route: route.name)
def test_everyone_hears_what_is_theirs(route: Route, listening: Listening, tmp_path: Path) -> None:
    world = make_world(tmp_path)
    wanted = {"i": TOLD, "m": MISSING}
    for place, letters in zip((world.own, world.foreign), RULES[route.name], strict=True):
        path = route.path(place.values)
        for who, letter in zip(PEOPLE, letters, strict=True):
            assert first_word(listening, world, path, who) == wanted[letter], (path, who)
        assert first_word(listening, world, path, "nobody") in (LOGIN, MISSING)
    if route.parameters:
        assert first_word(listening, world, route.path(world.own.values), "nobody") == LOGIN
        assert first_word(listening, world, route.path(missing_values()), "viewer") == MISSING
