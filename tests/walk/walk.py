"""The walk: every route, person, thing and method against the table; what is wrong is told."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings

from access.routes import DOCS_ROUTES, OPEN_ROUTES
from tests.walk.derived import expected, rule_for
from tests.walk.routes import METHODS, Route
from tests.walk.rules import Rule
from tests.walk.walker import FORBIDDEN, IN, LOGIN, METHOD, MISSING, NAMES, Walker
from tests.walk.world import PEOPLE, Place, World, missing_values

# Whose company's things may be told to whom; root may read all.
MAY_NOT_READ = {**dict.fromkeys(PEOPLE[:4], "foreign"), "stranger": "own", "nobody": "own foreign"}

SHORT = 4

# Who is sent to a route with a method.
Sent = Callable[[Rule, str], Iterable[str]]


def everyone(_rule: Rule, _method: str) -> Iterable[str]:
    return PEOPLE


def at_the_edge(rule: Rule, method: str) -> Iterable[str]:
    """Of each answer one who gets it: the first that is let in, the last that is refused; and
    always the stranger. The others get the same."""
    line = list(zip(rule.methods.get(method, METHOD * len(PEOPLE)), PEOPLE, strict=True))
    first, last = dict(reversed(line)), dict(line)
    chosen = {first[letter] if letter == IN else last[letter] for letter, _who in line}
    return [who for who in PEOPLE if who in chosen or who == "stranger"]


class Walk:
    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: Sent = everyone
        self.people = {who: Walker(world.people[who]) for who in PEOPLE}
        self.nobody = Walker(None)
        self.pairs: set[tuple[str, str]] = set()

    def complaints(self, routes: Iterable[Route], methods: Iterable[str] = ()) -> list[str]:
        """Of each route with each of its methods, or with those that are given."""
        return [one for route in routes for one in self._on(route, methods or methods_of(route))]

    def _on(self, route: Route, methods: Iterable[str]) -> Iterator[str]:
        rule = rule_for(route, self.world.own)
        if rule is None:
            yield f"{route.name} (/{route.pattern}) has no rule in tests/walk/rules.py"
            return
        absent: set[str] = set()
        for method in methods:
            if method in absent:
                continue
            yield from self._nobody(route, rule, method)
            if self._is_not_there(route, rule, method):
                absent |= self._absent(rule)
                continue
            for who in self.sent(rule, method):
                self.pairs.add((route.name, who))
                yield from self._person(route, rule, method, who)

    def _is_not_there(self, route: Route, rule: Rule, method: str) -> bool:
        """Whether even root is told that there is no such method: then it is nobody's."""
        if method in rule.methods:
            return False
        found, _text = self._go(self.people["root"], route, method, self.world.own, rule)
        return found == METHOD

    def _absent(self, rule: Rule) -> set[str]:
        """Of a view that says what it takes, nobody is asked what it does not; in the exhaustive
        suite everyone is."""
        said = self.people["root"].allowed
        if not said or self.sent is everyone:
            return set()
        return set(METHODS) - said - set(rule.methods)

    def _nobody(self, route: Route, rule: Rule, method: str) -> Iterator[str]:
        found, text = self._go(self.nobody, route, method, self.world.own, rule)
        right = {LOGIN, METHOD, FORBIDDEN}
        if route.name in OPEN_ROUTES or (settings.DOCS_PUBLIC and route.name in DOCS_ROUTES):
            right = {IN, METHOD, LOGIN}
        if found not in right:
            yield f"{method} {route.name}: nobody is answered: {NAMES[found]}"
        yield from self._told(route, method, "nobody", text)

    def _person(self, route: Route, rule: Rule, method: str, who: str) -> Iterator[str]:
        has_thing = bool(set(route.parameters) - {"app_label", "url", "content_type_id"})
        # An old address of the admin site leads to the new one, and asks for no row.
        has_thing = has_thing and not route.name.startswith("admin:admin/")
        has_thing = has_thing or any("{" in str(value) for value in rule.body.values())
        # Root is of no company: one company's thing is as foreign as another's.
        has_foreign = has_thing and not rule.by_key and (who != "root" or rule.own_thing)
        # Who may not even on a thing of their own is asked about a foreign one by everyone's walk.
        is_in = method in rule.methods and rule.methods[method][PEOPLE.index(who)] == IN
        has_foreign = has_foreign and (self.sent is everyone or is_in or who == "stranger")
        for is_foreign in (False, True) if has_foreign else (False,):
            place = self.world.foreign if is_foreign else self.world.own
            if rule.own_thing and not is_foreign:
                place = own_token(place, self.world.people[who])
            found, text = self._go(self.people[who], route, method, place, rule)
            right = METHOD + FORBIDDEN + MISSING + LOGIN
            if method in rule.methods:
                right = expected(rule, method, who, has_thing=has_thing, is_foreign=is_foreign)
                if rule.own_thing and is_foreign:
                    right = MISSING
            if found not in right:
                thing = (
                    "a foreign thing" if is_foreign else "a thing of Acme" if has_thing else "it"
                )
                wanted = " or ".join(NAMES[letter] for letter in right)
                yield (
                    f"{method} {route.name}: {who} on {thing}: {NAMES[found]}, should be {wanted}"
                )
            yield from self._told(route, method, who, text)
            if is_foreign and found == MISSING and method in looks_alike(route, rule):
                yield from self._alike(route, rule, method, who, text)

    def _told(self, route: Route, method: str, who: str, text: str) -> Iterator[str]:
        for which in MAY_NOT_READ.get(who, "").split():
            place: Place = getattr(self.world, which)
            if place.mark in text:
                yield f"{method} {route.name}: {who} is told of {place.mark}"

    def _alike(self, route: Route, rule: Rule, method: str, who: str, text: str) -> Iterator[str]:
        """What is foreign and what is not there answer the same."""
        values = missing_values()
        if not set(route.parameters) <= set(values):
            return
        nothing = Place(self.world.foreign.company, "", values)
        found, other = self._go(self.people[who], route, method, nothing, rule)
        if found != MISSING or plain(text, self.world.foreign) != plain(other, nothing):
            yield f"{method} {route.name}: {who} can tell a foreign thing from a missing one"

    def _go(
        self, walker: Walker, route: Route, method: str, place: Place, rule: Rule
    ) -> tuple[str, str]:
        values = values_of(route, place)
        body = {
            key: value.format_map(values) if isinstance(value, str) else value
            for key, value in rule.body.items()
        }
        return walker.go(method, route.path(values), body)


def methods_of(route: Route) -> tuple[str, ...]:
    """To the views of Django's admin all is reading that is not POST (see test_walk)."""
    return METHODS[:2] if route.name.startswith("admin:") else METHODS


def looks_alike(route: Route, rule: Rule) -> Iterable[str]:
    """The admin site answers a missing row in one place for all methods: once is enough."""
    return ("GET",) if route.name.startswith("admin:") else rule.methods


def values_of(route: Route, place: Place) -> dict[str, Any]:
    """A value for each parameter; those of the admin site are the row of its model."""
    model = route.pattern.split("/")[2] if route.pattern.count("/") > 2 else ""
    thing = place.things.get(model)
    user = place.things.get("user")
    return {
        **place.values,
        "object_id": thing.pk if thing is not None else 10**9,
        "id": user.pk if user is not None else 10**9,
        "app_label": "backups",
        "content_type_id": 1,
        "url": "x",
    }


def own_token(place: Place, user: Any) -> Place:
    token = user.auth_token_set.first()
    return Place(place.company, place.mark, {**place.values, "token_id": token.pk}, place.things)


def plain(text: str, place: Place) -> str:
    """An answer without what differs in each: the ids that were asked for, and the form's token."""
    for value in place.values.values():
        # A short one stands in any page by chance.
        if len(str(value)) > SHORT:
            text = text.replace(str(value), "ID")
    return "\n".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)
