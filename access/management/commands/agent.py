"""`manage.py agent create NAME`: a machine account and its token, shown once."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from access.models import Company
from access.policy import System
from access.roles import Role
from access.services import AccessError, create_agent


class Command(BaseCommand):
    help = "Manage agents: machine accounts that use the API with a token."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make an agent and print its token once")
        create.add_argument("name", help="its unique id: letters, digits, - and _")
        create.add_argument("--role", choices=[str(role) for role in Role], default=str(Role.AGENT))
        create.add_argument("--company", help="whose it is (default: the only company)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        company = _company(options["company"])
        try:
            _agent, token = create_agent(
                name=options["name"], company=company, actor=System("cli"), role=options["role"]
            )
        except (AccessError, ValidationError) as error:
            message = "; ".join(error.messages) if isinstance(error, ValidationError) else error
            raise CommandError(str(message), returncode=2) from error
        self.stderr.write(_("The token of %s; it is not shown again:") % options["name"])
        self.stdout.write(token)


def _company(name: str | None) -> Company:
    companies = Company.objects.filter(name=name) if name else Company.objects.all()
    found = list(companies[:2])
    if len(found) == 1:
        return found[0]
    if name:
        raise CommandError(_("There is no company named %s.") % name, returncode=3)
    raise CommandError(_("Say whose agent it is: --company NAME."), returncode=2)
