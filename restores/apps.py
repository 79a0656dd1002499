from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RestoresConfig(AppConfig):
    name = "restores"
    verbose_name = _("Restores")

    def ready(self) -> None:
        from monitoring.files.courses import register_course
        from monitoring.files.stages import Kind
        from restores.course import RestoreCourse

        register_course(Kind.RESTORE, RestoreCourse())
