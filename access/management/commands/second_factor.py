"""`manage.py second_factor list|reset`: who has a second factor; take one away that is lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from access.models import RecoveryCode, SecondFactor, User
from access.policy import System
from access.second_factor.policy import is_required
from access.second_factor.services import reset


class Command(BaseCommand):
    help = "See who has a second factor, or take one away whose phone and codes are lost."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the people, and how many recovery codes they have left")
        away = verbs.add_parser("reset", help="take a person's away; their sessions end")
        away.add_argument("name", help="the name that the person logs in with")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self._list()
        else:
            self._reset(options["name"])

    def _list(self) -> None:
        having = set(SecondFactor.objects.values_list("user_id", flat=True))
        for user in User.objects.filter(kind=User.Kind.PERSON).order_by("username"):
            state = "on" if user.pk in having else "missing" if is_required(user) else "off"
            left = RecoveryCode.objects.filter(user=user).count()
            self.stdout.write(f"{user.username}\t{state}\t{left}")

    def _reset(self, name: str) -> None:
        user = User.objects.filter(username=name, kind=User.Kind.PERSON).first()
        if user is None:
            raise CommandError(_("There is no person named %s.") % name, returncode=3)
        if not reset(user=user, actor=System("cli")):
            raise CommandError(_("%s has no second factor.") % user.username, returncode=3)
        self.stdout.write(_("Taken away; the password alone logs in, or leads to a new one."))
