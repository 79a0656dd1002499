"""How a server is named to a person: by the database whose connection reaches it, and its place."""

from django.utils.translation import gettext as _

from backups.models import Database


def place_of(server: Database) -> str:
    """``db.example.com:5433``; a socket folder is this machine."""
    if server.host.startswith("/"):
        return _("this machine")
    return server.host if server.port == 5432 else f"{server.host}:{server.port}"


def server_label(server: Database) -> str:
    return f"{server.name} · {place_of(server)}"
