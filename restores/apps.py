from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RestoresConfig(AppConfig):
    name = "restores"
    verbose_name = _("Restores")

    def ready(self) -> None:
        from backups.uses import register_use
        from monitoring.files.courses import register_course
        from monitoring.files.stages import Kind
        from restores.course import RestoreCourse
        from restores.received.keeping import keep_received
        from restores.selectors import any_being_restored
        from uploads.settling import register_keeper

        register_course(Kind.RESTORE, RestoreCourse())
        register_use(any_being_restored)
        register_keeper("restore", keep_received)
