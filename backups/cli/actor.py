"""Who acts on a command line: the server's operator, or a person whose role is borrowed."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor, System
from backups.cli.exits import NOT_FOUND


def actor_named(username: str | None) -> Actor:
    """Raises CommandError when there is no such person."""
    if username is None:
        return System("cli")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(_("There is no user named %s.") % username, returncode=NOT_FOUND)
    return user
