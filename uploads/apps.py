from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    name = "uploads"
    verbose_name = _("Uploads")

    def ready(self) -> None:
        from monitoring.files.courses import register_course
        from monitoring.files.stages import Kind
        from storage.services import register_user
        from uploads.course import UploadCourse
        from uploads.selectors import uses_target

        register_course(Kind.UPLOAD, UploadCourse())
        register_user(uses_target)
