"""The verbs of `manage.py alerts` on channels and maintenance windows: the same as of the API."""

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import Actor, require
from monitoring.alerts.channels import change_channel, create_channel, remove_channel
from monitoring.alerts.description import (
    describe_channel,
    describe_channel_with_sends,
    describe_window,
)
from monitoring.alerts.errors import BadOption
from monitoring.alerts.models import Alert, Channel
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import channel_for, list_channels, list_windows, window_for
from monitoring.alerts.windows import add_window, change_window, end_window

NONE = "none"
Out = Any
Options = dict[str, Any]
Run = Callable[[Options, Actor, Out], None]


def add_verbs(verbs: Any) -> list[argparse.ArgumentParser]:
    """The parsers, for what all verbs have."""
    made = [
        verbs.add_parser("channels", help="where alerts are sent, without addresses"),
        verbs.add_parser("channel", help="one of them with its newest messages"),
        _with_channel(verbs.add_parser("channel-add", help="send alerts to somebody else, too")),
        _with_channel(verbs.add_parser("channel-change", help="change what goes there, and when")),
        verbs.add_parser("channel-remove", help="send nothing there any more"),
        verbs.add_parser("windows", help="maintenance windows that are not over"),
        _with_window(verbs.add_parser("window-add", help="send nothing for a while")),
        _with_window(verbs.add_parser("window-change", help="change when it is, or what about")),
        verbs.add_parser("window-end", help="end it now: what waited is sent"),
    ]
    _list, one, add, change, remove, _windows, window_add, window_change, window_end = made
    one.add_argument("channel", metavar="CHANNEL", help="name or id")
    add.add_argument("channel", metavar="NAME")
    change.add_argument("channel", metavar="CHANNEL", help="name or id")
    change.add_argument("--name", help="a new name")
    remove.add_argument("channel", metavar="CHANNEL", help="name or id")
    window_change.add_argument("window", metavar="ID")
    window_end.add_argument("window", metavar="ID")
    for parser in (add, window_add):
        parser.add_argument("--company", default="", help="id or name (default: all companies)")
    return made


def _with_channel(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    ask = parser.add_argument
    ask("--kind", choices=Channel.Kind.values)
    ask("--to", dest="recipients", action="append", metavar="MAIL", help="may be repeated")
    ask("--address", action="store_true", help="asked for, or read from a pipe: it has secrets")
    ask("--from-severity", dest="least_severity", choices=Alert.Severity.values)
    ask("--only-rule", dest="rules", action="append", metavar="BEGINNING", help="or none")
    ask("--only-about", dest="about", action="append", metavar="NAME", help="or none")
    ask("--after", dest="after_count", type=int, metavar="TIMES")
    ask("--recovery", dest="on_recovery", choices=["yes", "no"])
    ask("--repeat", dest="repeat_minutes", metavar="MINUTES", help="or none")
    ask("--quiet", metavar="22:00-06:00", help="or none")
    ask("--digest", dest="digest_at", metavar="08:00", help="or none")
    ask("--time-zone", dest="time_zone")
    ask("--use", dest="enabled", choices=["yes", "no"])
    return parser


def _with_window(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    ask = parser.add_argument
    moment = datetime.fromisoformat
    ask("--from", dest="begins_at", type=moment, metavar="2026-11-22T07:00+00:00")
    ask("--until", dest="ends_at", type=moment, metavar="2026-11-22T09:00+00:00")
    ask("--hours", type=float, help="from its beginning on")
    ask("--reason")
    ask("--only-about", dest="about", action="append", metavar="NAME", help="or none")
    return parser


def _channels(options: Options, actor: Actor, out: Out) -> None:
    require(actor, "monitoring.view_channel")
    found = [describe_channel(one) for one in list_channels(actor=actor)]
    lines = [f"{one['id']}  {one['kind']:<8} {one['name']}" for one in found]
    _say(out, options, {"results": found}, "\n".join(lines) or _("No channel."))


def _channel(options: Options, actor: Actor, out: Out) -> None:
    found = describe_channel_with_sends(channel_for(actor=actor, ref=options["channel"]))
    lines = [
        f"{one['due_at'][:16]}Z  {one['kind']:<9} {one['status']:<9} {one['error'] or ''}"
        for one in found["sends"]
    ]
    _say(out, options, found, "\n".join([f"{found['name']} ({found['kind']})", *lines]))


def _channel_add(options: Options, actor: Actor, out: Out) -> None:
    made = create_channel(
        company=_company(options["company"]),
        actor=actor,
        address=_address() if options["address"] else "",
        **{"name": options["channel"], **_channel_values(options)},
    )
    _say(out, options, describe_channel(made), f"{made.pk}  {made.name}")


def _channel_change(options: Options, actor: Actor, out: Out) -> None:
    found = change_channel(
        channel=channel_for(actor=actor, ref=options["channel"]),
        actor=actor,
        address=_address() if options["address"] else None,
        **_channel_values(options),
    )
    _say(out, options, describe_channel(found), f"{found.pk}  {found.name}")


def _channel_remove(options: Options, actor: Actor, out: Out) -> None:
    channel = channel_for(actor=actor, ref=options["channel"])
    found = describe_channel(channel)
    remove_channel(channel=channel, actor=actor)
    _say(out, options, found, _("%s is removed.") % found["name"])


def _windows(options: Options, actor: Actor, out: Out) -> None:
    require(actor, "monitoring.view_maintenancewindow")
    found = [describe_window(one) for one in list_windows(actor=actor)]
    lines = [
        f"{one['id']:>6}  {one['begins_at'][:16]} - {one['ends_at'][:16]}Z  {one['reason']}"
        for one in found
    ]
    _say(out, options, {"results": found}, "\n".join(lines) or _("No maintenance window."))


def _window_add(options: Options, actor: Actor, out: Out) -> None:
    values = _window_values(options, database_now())
    if "ends_at" not in values:
        raise BadOption("hours", _("Say until when, or for how many hours."))
    made = add_window(company=_company(options["company"]), actor=actor, **values)
    _say(out, options, describe_window(made), f"{made.pk}")


def _window_change(options: Options, actor: Actor, out: Out) -> None:
    window = window_for(actor=actor, window_id=options["window"])
    values = _window_values(options, options["begins_at"] or window.begins_at)
    if options["begins_at"] is None:
        values.pop("begins_at")
    found = change_window(window=window, actor=actor, **values)
    _say(out, options, describe_window(found), f"{found.pk}")


def _window_end(options: Options, actor: Actor, out: Out) -> None:
    window = window_for(actor=actor, window_id=options["window"])
    found = describe_window(window)
    end_window(window=window, actor=actor)
    _say(out, options, found, _("It is over: what waited is sent."))


VERBS: dict[str, Run] = {
    "channels": _channels,
    "channel": _channel,
    "channel-add": _channel_add,
    "channel-change": _channel_change,
    "channel-remove": _channel_remove,
    "windows": _windows,
    "window-add": _window_add,
    "window-change": _window_change,
    "window-end": _window_end,
}


def _channel_values(options: Options) -> dict[str, Any]:
    """What was said; the rest stays as it is."""
    plain = ("name", "kind", "least_severity", "after_count", "time_zone")
    found = {name: options[name] for name in plain if options.get(name) is not None}
    for name in ("recipients", "rules", "about"):
        if options[name] is not None:
            found[name] = [one for one in options[name] if one != NONE]
    for name in ("on_recovery", "enabled"):
        if options[name] is not None:
            found[name] = options[name] == "yes"
    if (text := options["repeat_minutes"]) is not None:
        found["repeat_minutes"] = None if text == NONE else _number("repeat", text)
    if (text := options["digest_at"]) is not None:
        found["digest_at"] = None if text == NONE else _clock("digest", text)
    if (text := options["quiet"]) is not None:
        begins, _dash, ends = text.partition("-")
        is_none = text == NONE
        found["quiet_from"] = None if is_none else _clock("quiet", begins)
        found["quiet_to"] = None if is_none else _clock("quiet", ends)
    return found


def _window_values(options: Options, begins_at: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"begins_at": options["begins_at"] or begins_at}
    if options["hours"] is not None:
        if not 0 < options["hours"] < 100_000:
            raise BadOption("hours", _("Say until when, or for how many hours."))
        found["ends_at"] = begins_at + timedelta(hours=options["hours"])
    elif options["ends_at"] is not None:
        found["ends_at"] = options["ends_at"]
    for name in ("begins_at", "ends_at"):
        if name in found and found[name].tzinfo is None:
            raise BadOption(name, _("Give the time with its offset."))
    if options["reason"] is not None:
        found["reason"] = options["reason"]
    if options["about"] is not None:
        found["about"] = [one for one in options["about"] if one != NONE]
    return found


def _company(ref: str) -> Company | None:
    if not ref:
        return None
    rows = Company.objects.all()
    found: Company | None = rows.filter(name=ref).first()
    if found is None and ref.isascii() and ref.isdigit() and len(ref) < 18:
        found = rows.filter(pk=int(ref)).first()
    if found is None:
        raise BadOption("company", _("There is no such company."))
    return found


def _address() -> str:
    """Never on a command line, where every account of the machine could read it."""
    if sys.stdin.isatty():
        return getpass.getpass(_("Address: "))
    return sys.stdin.readline().strip()


def _number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadOption(option, _("Give a number, or none."))
    return int(text)


def _clock(option: str, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadOption(option, _("Give a time such as 22:00, or none.")) from None


def _say(out: Out, options: Options, found: Any, text: str) -> None:
    if options["json"]:
        text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    out.write(text)
