"""`manage.py agent create|list|rotate|revoke`: machine accounts; a token is shown once."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from access.models import Agent, Company
from access.policy import System
from access.roles import Role
from access.services import AccessError, create_agent
from access.tokens import revoke_token, rotate_token, tokens_of

CLI = System("cli")


class Command(BaseCommand):
    help = "Manage agents: machine accounts that use the API with a token."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make an agent and print its token once")
        create.add_argument("name", help="its unique id: letters, digits, - and _")
        create.add_argument("--role", choices=[str(role) for role in Role], default=str(Role.AGENT))
        create.add_argument("--company", help="whose it is (default: the only company)")
        create.add_argument("--days", type=int, help="the token's life (default: until revoked)")
        verbs.add_parser("list", help="the agents with their tokens and last use")
        rotate = verbs.add_parser("rotate", help="print a new token; the old one ends in a day")
        rotate.add_argument("name")
        rotate.add_argument("--hours", type=int, default=24, help="how long the old one answers")
        revoke = verbs.add_parser("revoke", help="end all tokens of an agent at once")
        revoke.add_argument("name")

    def handle(self, *_args: Any, **options: Any) -> None:
        for key in ("days", "hours"):
            if options.get(key) is not None and not 0 <= options[key] <= 36_500 * 24:
                raise CommandError(_("Give a number of days or hours."), returncode=2)
        getattr(self, f"_{options['verb']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        company = _company(options["company"])
        lifetime = timedelta(days=options["days"]) if options["days"] else None
        try:
            _agent, token = create_agent(
                name=options["name"],
                company=company,
                actor=CLI,
                role=options["role"],
                lifetime=lifetime,
            )
        except (AccessError, ValidationError) as error:
            message = "; ".join(error.messages) if isinstance(error, ValidationError) else error
            raise CommandError(str(message), returncode=2) from error
        self._show(options["name"], token)

    def _list(self, _options: dict[str, Any]) -> None:
        for agent in Agent.objects.select_related("company", "user"):
            role = agent.user.role_in(agent.company) or "-"
            tokens = list(tokens_of(agent.user))
            self.stdout.write(f"{agent.agent_id}\t{agent.company}\t{role}\t{len(tokens)}")
            for token in tokens:
                ends, used = token.expiry or "-", token.last_used_at or "-"
                self.stdout.write(f"  {token.token_key}…\tends {ends}\tlast used {used}")

    def _rotate(self, options: dict[str, Any]) -> None:
        agent = _agent_named(options["name"])
        newest = tokens_of(agent.user).first()
        if newest is None:
            raise CommandError(_("The agent has no token that still opens."), returncode=3)
        overlap = timedelta(hours=options["hours"])
        self._show(agent.agent_id, rotate_token(token=newest, actor=CLI, overlap=overlap))

    def _revoke(self, options: dict[str, Any]) -> None:
        for token in tokens_of(_agent_named(options["name"]).user):
            revoke_token(token=token, actor=CLI)

    def _show(self, name: str, token: str) -> None:
        self.stderr.write(_("The token of %s; it is not shown again:") % name)
        self.stdout.write(token)


def _agent_named(name: str) -> Agent:
    found: Agent | None = Agent.objects.filter(agent_id=name).select_related("user").first()
    if found is None:
        raise CommandError(_("There is no agent named %s.") % name, returncode=3)
    return found


def _company(name: str | None) -> Company:
    companies = Company.objects.filter(name=name) if name else Company.objects.all()
    found = list(companies[:2])
    if len(found) == 1:
        return found[0]
    if name:
        raise CommandError(_("There is no company named %s.") % name, returncode=3)
    raise CommandError(_("Say whose agent it is: --company NAME."), returncode=2)
