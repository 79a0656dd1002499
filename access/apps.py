from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "access"
    verbose_name = _("Access")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from access.reauthentication import mark_login
        from access.sessions import remember_login

        user_logged_in.connect(remember_login, dispatch_uid="access.sessions")
        user_logged_in.connect(mark_login, dispatch_uid="access.reauthentication")
