"""`manage.py alerts …`: the verbs of the API, for people and scripts on the server."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor, NotAllowed, System, require
from monitoring.alerts import cli
from monitoring.alerts.agents import VIEW as VIEW_AGENTS
from monitoring.alerts.agents import agent_for, list_agents, watch_agent
from monitoring.alerts.attention import acknowledge_alert, snooze_alert
from monitoring.alerts.channels import test_channel
from monitoring.alerts.description import describe_agent, describe_alert, describe_delivery
from monitoring.alerts.errors import AlertError
from monitoring.alerts.models import Alert
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import (
    STATES,
    AlertFilters,
    alert_for,
    channel_for,
    list_alerts,
    list_channels,
)
from monitoring.alerts.sending import send_delivery

EPILOG = "Exit status: 0 done, 1 failed, 2 bad usage, 3 not found, 4 refused."
FAILED, BAD_USAGE, NOT_FOUND, REFUSED = 1, 2, 3, 4
_CODES = {400: BAD_USAGE, 404: NOT_FOUND, 409: REFUSED}


class Command(BaseCommand):
    help = "Alerts, the channels they go by, maintenance windows, and how long agents are silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listing = verbs.add_parser("list", help="open alerts first, then those that are over")
        listing.add_argument("--state", choices=STATES, default="")
        listing.add_argument("--severity", choices=Alert.Severity.values, default="")
        listing.add_argument("--rule", default="", help="the beginning of one, such as backup.")
        listing.add_argument("--search", default="", help="a part of the subject or the name")
        listing.add_argument("--limit", type=int, default=20)
        listing.add_argument("--cursor", help="go on from here: `next` of the page before (--json)")
        acknowledge = verbs.add_parser("acknowledge", help="it was seen: say no more of it")
        acknowledge.add_argument("alert", metavar="ID")
        snooze = verbs.add_parser("snooze", help="say no more of it for a while")
        snooze.add_argument("alert", metavar="ID")
        when = snooze.add_mutually_exclusive_group(required=True)
        when.add_argument("--hours", type=float)
        when.add_argument("--until", type=datetime.fromisoformat, metavar="2026-11-22T07:00+00:00")
        test = verbs.add_parser("test", help="send a test message now")
        test.add_argument("channel", nargs="?", help="name or id; without one they are listed")
        agents = verbs.add_parser("agents", help="when each agent was heard last, and its limit")
        watch = verbs.add_parser("watch", help="after what silence an agent is told")
        watch.add_argument("agent", metavar="AGENT")
        limit = watch.add_mutually_exclusive_group(required=True)
        limit.add_argument("--hours", type=int, help="0: never")
        limit.add_argument("--default", action="store_true", help="as the installation has it")
        own = (listing, acknowledge, snooze, test, agents, watch)
        for verb in (*own, *cli.add_verbs(verbs)):
            verb.epilog = EPILOG
            verb.add_argument("--json", action="store_true", help="answer in JSON")
            verb.add_argument("--as", dest="username", metavar="USER", help="with this one's role")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            actor, verb = _actor(options["username"]), options["verb"]
            if verb in cli.VERBS:
                cli.VERBS[verb](options, actor, self.stdout)
            else:
                getattr(self, f"_{verb}")(actor, options)
        except NotAllowed as error:
            raise CommandError(f"{error} ({error.code})", returncode=REFUSED) from error
        except AlertError as error:
            code = _CODES.get(error.status, FAILED)
            raise CommandError(f"{error} ({error.code})", returncode=code) from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages), returncode=BAD_USAGE) from error
        except OperationalError as error:
            said = _("Holdfast's own database does not answer. Start it: make run")
            raise CommandError(said, returncode=FAILED) from error

    def _list(self, actor: Actor, options: dict[str, Any]) -> None:
        filters = AlertFilters(
            **{name: options[name] for name in ("state", "severity", "rule", "search")}
        )
        limit = min(max(options["limit"], 1), 200)
        page = list_alerts(actor=actor, filters=filters, cursor=options["cursor"], limit=limit)
        if options["json"]:
            results = [describe_alert(alert) for alert in page.results]
            self._write({"results": results, "next": page.next, "previous": page.previous})
            return
        for alert in page.results:
            since = f"{alert.first_seen_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{alert.pk:>6}  {alert.state:<12} {since}  {alert.subject}")
        if not page.results:
            self.stdout.write(_("No alert."))

    def _acknowledge(self, actor: Actor, options: dict[str, Any]) -> None:
        alert = acknowledge_alert(
            alert=alert_for(actor=actor, alert_id=options["alert"]), actor=actor
        )
        self._say(alert, _("acknowledged"), options)

    def _snooze(self, actor: Actor, options: dict[str, Any]) -> None:
        until = options["until"]
        if until is None:
            until = database_now() + timedelta(hours=options["hours"])
        elif until.tzinfo is None:
            raise CommandError(_("Give the time with its offset."), returncode=BAD_USAGE)
        alert = alert_for(actor=actor, alert_id=options["alert"])
        alert = snooze_alert(alert=alert, actor=actor, until=until)
        self._say(alert, _("snoozed until %s") % f"{until:%Y-%m-%d %H:%M %Z}", options)

    def _test(self, actor: Actor, options: dict[str, Any]) -> None:
        if options["channel"] is None:
            for channel in list_channels(actor=actor):
                self.stdout.write(f"{channel.pk}  {channel.name}")
            return
        channel = channel_for(actor=actor, ref=options["channel"])
        delivery = test_channel(channel=channel, actor=actor)
        # Here, or by a worker that was quicker: then its row is claimed.
        send_delivery(delivery_id=delivery.pk)
        delivery.refresh_from_db()
        if options["json"]:
            self._write(describe_delivery(delivery))
        if delivery.error:
            raise CommandError(delivery.error, returncode=FAILED)
        if not options["json"]:
            self.stdout.write(f"{channel.name}: {delivery.get_status_display()}")

    def _agents(self, actor: Actor, options: dict[str, Any]) -> None:
        require(actor, VIEW_AGENTS)
        found = [describe_agent(one) for one in list_agents(actor=actor)]
        if options["json"]:
            self._write({"results": found})
            return
        for one in found:
            heard, hours = one["heard_at"] or _("never"), one["silent_after_hours"]
            self.stdout.write(f"{one['agent_id']:<30} {heard:<28} {hours} h")
        if not found:
            self.stdout.write(_("No agent."))

    def _watch(self, actor: Actor, options: dict[str, Any]) -> None:
        agent = agent_for(actor=actor, ref=str(options["agent"]))
        found = describe_agent(watch_agent(agent=agent, hours=options["hours"], actor=actor))
        if options["json"]:
            self._write(found)
        else:
            self.stdout.write(f"{found['agent_id']}: {found['silent_after_hours']} h")

    def _say(self, alert: Alert, words: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self._write(describe_alert(alert))
        else:
            self.stdout.write(f"{alert.subject}: {words}")

    def _write(self, found: dict[str, Any]) -> None:
        self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _actor(username: str | None) -> Actor:
    if username is None:
        return System("cli")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(_("There is no user named %s.") % username, returncode=NOT_FOUND)
    return user
