from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ControlplaneConfig(AppConfig):
    name = "controlplane"
    verbose_name = _("Holdfast itself")

    def ready(self) -> None:
        from controlplane.selectors import uses_target
        from storage.services import register_user

        register_user(uses_target)
