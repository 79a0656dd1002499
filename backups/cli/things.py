"""`backup databases|storages|schedules`: list, create, change, test, delete; as by the API.

A verb's values are `NAME=VALUE` pairs, as the API's fields are named; a VALUE that is JSON is
taken as such. A password comes from a file or from standard input, never from the command line.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli.exits import DONE
from backups.databases import create_database, test_connection, update_database
from backups.deletion import delete_database
from backups.description import describe, describe_database
from backups.errors import BadOption
from backups.models import Backup, Database
from backups.schedules import (
    create_schedule,
    delete_schedule,
    run_schedule,
    test_schedule,
    update_schedule,
)
from backups.scheduling.description import describe_schedule
from backups.selectors import (
    database_for,
    list_databases,
    list_schedules,
    schedule_of,
    storage_for,
)
from storage.api.bodies import Body, company_for
from storage.description import describe_target
from storage.selectors import list_targets, target_named
from storage.services import delete_target, test_target

VERBS = ("list", "show", "create", "change", "test", "delete", "run")


@dataclass(frozen=True)
class Things:
    """The verbs on one kind of thing: each takes the actor, and a thing or values."""

    list: Callable[[Actor], Any]
    find: Callable[[Actor, str], Any]
    describe: Callable[[Any], dict[str, Any]]
    create: Callable[[Actor, dict[str, Any]], Any]
    change: Callable[[Actor, Any, dict[str, Any]], Any]
    test: Callable[[Actor, Any], Any]
    delete: Callable[[Actor, Any, str], None]
    new_body: Callable[[], type[Body]]
    changed_body: Callable[[], type[Body]]
    run: Callable[[Actor, Any], dict[str, Any]] | None = None
    # What `--password-file` is of.
    hidden: str = "password"


@dataclass(frozen=True)
class Module:
    """One kind of thing as a verb of `manage.py backup`."""

    HELP: str
    things: Things

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("action", choices=VERBS)
        parser.add_argument("id", nargs="?", help="its id or name; not for list and create")
        parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="fields of the API")
        parser.add_argument("--password-file", metavar="FILE", help="the secret; -: stdin")
        parser.add_argument("--confirm", default="", metavar="NAME", help="to delete a database")

    def handle(self, options: argparse.Namespace, actor: Actor, out: Any) -> int:
        found = self._do(options, actor)
        if options.json:
            out.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        else:
            _show(found, out)
        return DONE

    def _do(self, options: argparse.Namespace, actor: Actor) -> dict[str, Any]:
        things, action = self.things, options.action
        if action == "list":
            found = [things.describe(one) for one in things.list(actor)]
            return {"results": found, "next": None, "previous": None, "count": len(found)}
        if action == "create":
            words = [*filter(None, [options.id]), *options.values]
            body = _checked(things.new_body(), _pairs(words, options, things.hidden), partial=False)
            made = things.create(actor, body)
            return things.describe(things.find(actor, str(made.pk)))
        if not options.id:
            raise BadOption("id", _("Say which one: its id or name."))
        thing = things.find(actor, options.id)
        if action == "change":
            pairs = _pairs(options.values, options, things.hidden)
            things.change(actor, thing, _checked(things.changed_body(), pairs, partial=True))
            return things.describe(things.find(actor, str(thing.pk)))
        if action == "test":
            things.test(actor, thing)
            return {"ok": True}
        if action == "run":
            if things.run is None:
                raise BadOption("action", _("Only schedules can be run."))
            return things.run(actor, thing)
        if action == "delete":
            things.delete(actor, thing, options.confirm)
            return {"id": str(thing.pk), "deleted": True}
        return things.describe(thing)


def _pairs(words: list[str], options: argparse.Namespace, hidden: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise BadOption(name, _("Give values as NAME=VALUE."))
        if name == hidden:
            raise BadOption(name, _("Others see the command line: use --password-file."))
        found[name] = _value(text)
    if options.password_file:
        file = options.password_file
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        found[hidden] = text.rstrip("\n")
    return found


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _checked(kind: type[Body], values: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    body = kind(data=values, partial=partial)
    if not body.is_valid():
        name, said = next(iter(body.errors.items()))
        raise BadOption(str(name), f"{name}: {orjson.dumps(said, default=str).decode()}")
    found: dict[str, Any] = body.validated_data
    return found


def _show(found: dict[str, Any], out: Any) -> None:
    for one in found.get("results", [found]):
        width = max(map(len, one))
        for name, value in one.items():
            shown = value if isinstance(value, str) else orjson.dumps(value).decode()
            out.write(f"{name:<{width}}  {shown}")
        out.write("")


def _new_database(actor: Actor, body: dict[str, Any]) -> Any:
    body.pop("engine", None)
    ref = body.pop("company", "")
    company = company_for(actor=actor, permission="backups.add_database", ref=ref)
    body = _copied_to(actor, Database(company=company), body)
    return create_database(company=company, actor=actor, **body)


def _copied_to(actor: Actor, database: Database, body: dict[str, Any]) -> dict[str, Any]:
    from backups.api.databases import with_storages

    return with_storages(body, actor=actor, database=database)


def _new_storage(actor: Actor, body: dict[str, Any]) -> Any:
    ref = body.pop("company", "")
    company = company_for(actor=actor, permission="storage.add_storagetarget", ref=ref)
    # DRF's views are read when they are needed: the command line starts faster without.
    from storage.api.target_bodies import create_target_of

    return create_target_of(body, company=company, actor=actor)


def _change_storage(actor: Actor, target: Any, body: dict[str, Any]) -> Any:
    from storage.api.target_bodies import update_target_by

    return update_target_by(body, target=target, actor=actor)


def _find_storage(actor: Actor, ref: str) -> Any:
    return target_named(actor=actor, ref=ref)


def _new_schedule(actor: Actor, body: dict[str, Any]) -> Any:
    database = database_for(actor=actor, ref=body.pop("database"))
    return create_schedule(database=database, actor=actor, **_targets(actor, database, body))


def _find_schedule(actor: Actor, ref: str) -> Any:
    named = list_schedules(actor=actor).filter(name=ref.replace("\0", "")).first()
    return named or schedule_of(actor=actor, schedule_id=ref)


def _targets(actor: Actor, database: Any, body: dict[str, Any]) -> dict[str, Any]:
    if "storages" not in body:
        return body
    found = [storage_for(actor=actor, ref=ref, database=database) for ref in body["storages"]]
    return {**body, "storages": found}


def _bodies(module: str, name: str) -> Callable[[], type[Body]]:
    # DRF's views are read when they are needed: the command line starts faster without.
    def load() -> type[Body]:
        from importlib import import_module

        found: type[Body] = getattr(import_module(module), name)
        return found

    return load


databases = Module(
    "databases: list, show, create, change, test, delete",
    Things(
        list=lambda actor: list_databases(actor=actor),
        find=lambda actor, ref: database_for(actor=actor, ref=ref),
        describe=describe_database,
        create=_new_database,
        change=lambda actor, one, body: update_database(
            database=one, actor=actor, **_copied_to(actor, one, body)
        ),
        test=lambda actor, one: test_connection(database=one, actor=actor),
        delete=lambda actor, one, name: delete_database(database=one, actor=actor, confirm=name),
        new_body=_bodies("backups.api.databases", "NewDatabase"),
        changed_body=_bodies("backups.api.databases", "ChangedDatabase"),
    ),
)
storages = Module(
    "storages: list, show, create, change, test, delete",
    Things(
        list=lambda actor: list_targets(actor=actor),
        find=_find_storage,
        describe=describe_target,
        create=_new_storage,
        change=_change_storage,
        test=lambda actor, one: test_target(target=one, actor=actor),
        delete=lambda actor, one, _name: delete_target(target=one, actor=actor),
        new_body=_bodies("storage.api.target_bodies", "NewTarget"),
        changed_body=_bodies("storage.api.target_bodies", "ChangedTarget"),
        hidden="secret_key",
    ),
)
schedules = Module(
    "schedules: list, show, create, change, test, delete, run",
    Things(
        list=lambda actor: list_schedules(actor=actor),
        find=_find_schedule,
        describe=describe_schedule,
        create=_new_schedule,
        change=lambda actor, one, body: update_schedule(
            schedule=one, actor=actor, **_targets(actor, one.database, body)
        ),
        test=lambda actor, one: test_schedule(schedule=one, actor=actor),
        delete=lambda actor, one, _name: delete_schedule(schedule=one, actor=actor),
        new_body=_bodies("backups.api.schedules", "NewSchedule"),
        changed_body=_bodies("backups.api.schedules", "ChangedSchedule"),
        run=lambda actor, one: describe(
            run_schedule(schedule=one, actor=actor, trigger=Backup.Trigger.CLI)
        ),
    ),
)
