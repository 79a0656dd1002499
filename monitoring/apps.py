from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = _("Monitoring")

    def ready(self) -> None:
        from monitoring.alerts.owners import register_owner
        from monitoring.expected.attention import JobOwner

        register_owner("monitoring.expectedbackupjob", JobOwner())
