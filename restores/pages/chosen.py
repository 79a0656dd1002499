"""The options of a restore as rows of a page; what is as always is not told."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from restores.options import describe_options


def chosen(kept: Mapping[str, Any], *, is_outside: bool = False) -> Iterator[tuple[str, str]]:
    """(what, how), plain text from outside among it."""
    options = describe_options(kept)
    if is_outside and options["owner"] == "none":
        yield _("Owner"), _("a role that nobody can log in as, no grants")
    else:
        yield _("Owners and grants"), owners_said(options)
    names = [f"{one}.*" for one in options["schemas"]] + options["tables"]
    if names:
        yield _("Only"), ", ".join(names)
    if options["schema_only"]:
        yield _("Rows"), _("none")
    if options["role_map"]:
        pairs = [f"{old} → {new}" for old, new in options["role_map"].items()]
        yield _("Other roles"), ", ".join(pairs)
    if options["missing_roles"] == "create":
        yield _("Missing roles"), _("made, without login")
    if options["globals"]:
        yield _("Roles of the backup"), _("made where they are missing, without login")
    if options["jobs"] > 1:
        yield _("In parallel"), str(options["jobs"])
    if not options["analyze"]:
        yield _("ANALYZE"), _("left out")


def owners_said(options: Mapping[str, Any]) -> str:
    owner: str = options["owner"]
    if owner == "none":
        return _("the connection's user, no grants")
    if owner != "keep":
        return _("the role %(name)s, no grants") % {"name": owner}
    if options["no_privileges"]:
        return _("owners as at the source, no grants")
    return _("as at the source")
