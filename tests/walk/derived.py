"""What follows from the table of rules: of the admin site's addresses, and of foreign things."""

from tests.walk.routes import Route
from tests.walk.rules import ADMIN_SITE, RULES, Rule
from tests.walk.world import PEOPLE, Place


def rule_for(route: Route, place: Place) -> Rule | None:
    """The rule of a route; of the admin site's models it is made from ADMIN_SITE."""
    if route.name in RULES:
        return RULES[route.name]
    model, _, action = route.name.removeprefix("admin:").rpartition("_")
    if route.name == "admin:auth_user_password_change":
        model, action = "access_user", "password"
    elif route.name.startswith("admin:admin/") and route.parameters == ["object_id"]:
        # An old address of the change page: it leads there and knows no rows.
        model, action = "_".join(route.pattern.split("/")[1:3]), "old"
    if model not in ADMIN_SITE:
        return None
    company, root = ADMIN_SITE[model]
    has_row = model.rpartition("_")[2] in place.things
    answers = {
        method: "ll"
        + _admin(company, action, method, has_row and bool(company))
        + "l"
        + _stranger(company, action, method)
        + _admin(root, action, method, has_row)
        for method in ("GET", "POST")
    }
    return Rule({**answers, "PUT": answers["GET"]})


def _admin(may: str, action: str, method: str, has_row: bool) -> str:
    """For somebody who may so much, on a row of their own."""
    if action == "old":
        return "i"
    if action == "history":
        return "i" if has_row else "m"
    needed = {"changelist": "v", "add": "a", "delete": "d", "password": "c"}.get(action)
    if action == "change":
        needed = "v" if method == "GET" else "c"
    if needed is None or needed not in may:
        return "f"
    return "i" if has_row or action in ("changelist", "add") else "m"


def _stranger(may: str, action: str, method: str) -> str:
    return _admin(may, action, method, has_row=False)


def expected(rule: Rule, method: str, who: str, *, has_thing: bool, is_foreign: bool) -> str:
    """The letters that are right for somebody; on a foreign thing 403 tells no more than 404."""
    line = rule.methods[method]
    letter = line[PEOPLE.index(who)]
    if not has_thing:
        return letter
    if is_foreign:
        # The stranger is an administrator where the foreign thing is.
        other = line[PEOPLE.index("admin")] if who == "stranger" else letter
        return other if who == "stranger" else {"i": "m", "f": "fm"}.get(other, other)
    return letter
