"""The admin of storage targets and of what lies there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from access.models import User
from access.policy import NotAllowed
from access.scoped_admin import RecordAdmin, ScopedAdmin
from look.badges import badge
from look.units import size
from storage.errors import StorageError
from storage.models import Orphan, StorageTarget, StoredObject
from storage.services import create_local_target, test_target

if TYPE_CHECKING:
    TargetModelForm = forms.ModelForm[StorageTarget]
else:
    TargetModelForm = forms.ModelForm


class NewTargetForm(TargetModelForm):
    folder = forms.CharField(
        label=_("Folder"),
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Full path on this server. It is made when the first backup comes."),
    )

    class Meta:
        model = StorageTarget
        fields = ["company", "name", "is_default"]

    def clean_folder(self) -> str:
        folder = str(self.cleaned_data["folder"])
        if not Path(folder).is_absolute():
            raise ValidationError(_t("Give the full path, from the root."))
        return folder


@admin.register(StorageTarget)
class StorageTargetAdmin(ScopedAdmin):
    """A target's folder is not changed later: what lies there would be lost from sight."""

    list_display = ["name", "kind", "company", "is_default", "created_at"]
    list_filter = ["kind", "company"]
    search_fields = ["name"]
    list_select_related = ["company"]
    # Apps above this one add theirs.
    actions: Sequence[str | Callable[..., Any]] = ["test_targets"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Only one on which nothing lies goes: by the API.
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewTargetForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["company", "name", "folder", "is_default"]
        return ["company", "name", "kind", "options", "is_default", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "kind", "options", "is_default", "created_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: StorageTarget, form: Any, change: bool) -> None:
        actor = request.user
        if change:
            super().save_model(request, obj, form, change)
        elif isinstance(actor, User):
            try:
                made = create_local_target(
                    company=obj.company,
                    name=obj.name,
                    folder=Path(form.cleaned_data["folder"]),
                    actor=actor,
                    is_default=obj.is_default,
                )
            except NotAllowed as error:
                raise PermissionDenied(str(error)) from error
            obj.pk, obj._state.adding = made.pk, False

    @admin.action(description=_("Test: write, read and delete a probe"), permissions=["change"])
    def test_targets(self, request: HttpRequest, queryset: Any) -> None:
        for target in queryset:
            if not self.has_change_permission(request, target):
                continue
            try:
                test_target(target=target)
            except StorageError as error:
                messages.error(request, f"{target.name}: {error}")
            else:
                said = _t("%(name)s: a probe was written, read back and deleted.")
                messages.success(request, said % {"name": target.name})


@admin.register(StoredObject)
class StoredObjectAdmin(RecordAdmin):
    list_display = ["key", "target", "state_badge", "size_words", "stored_at", "checked_at"]
    list_filter = ["state", "target", "company"]
    search_fields = ["key", "sha256"]
    list_select_related = ["target"]

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, stored: StoredObject) -> SafeString:
        return badge(stored.state)

    @admin.display(description=_("size"), ordering="size")
    def size_words(self, stored: StoredObject) -> str:
        return size(stored.size)


@admin.register(Orphan)
class OrphanAdmin(RecordAdmin):
    """Files that belong to nothing, in quarantine. They are removed by the tick alone."""

    list_display = ["key", "target", "size_words", "first_seen_at", "days_seen"]
    list_filter = ["target", "company"]
    search_fields = ["key"]
    list_select_related = ["target"]

    @admin.display(description=_("size"), ordering="size")
    def size_words(self, orphan: Orphan) -> str:
        return size(orphan.size)
