from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackupsConfig(AppConfig):
    name = "backups"
    verbose_name = _("Backups")

    def ready(self) -> None:
        from backups.checks.course import CheckCourse
        from backups.copying.course import CopyCourse
        from backups.copying.use import is_copied, wants_target
        from backups.course import BackupCourse
        from backups.expected_contents import read_content
        from backups.results import stored_result
        from backups.schedules import uses_target
        from backups.uses import register_use
        from monitoring.expected.contents.asking import register_reader
        from monitoring.files.courses import register_course
        from monitoring.files.stages import Kind
        from monitoring.live.results import register_result
        from storage.services import register_user

        register_course(Kind.BACKUP, BackupCourse())
        register_course(Kind.DRILL, CheckCourse())
        register_course(Kind.COPY, CopyCourse())
        register_use(is_copied)
        register_reader(read_content)
        register_user(wants_target)
        register_result(Kind.BACKUP, stored_result)
        register_user(uses_target)
