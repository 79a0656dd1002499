"""The admin of storage targets and of what lies there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.policy import NotAllowed
from access.scoped_admin import RecordAdmin, ScopedAdmin
from look.badges import badge
from look.units import size
from storage.admin_forms import BUCKET_FIELDS, KEPT_FIELDS, BucketForm, NewTargetForm
from storage.errors import StorageError
from storage.models import Orphan, StorageTarget, StoredObject
from storage.services import (
    create_local_target,
    create_s3_target,
    test_target,
    update_target,
)


@admin.register(StorageTarget)
class StorageTargetAdmin(ScopedAdmin):
    """Where a target is does not change later: what lies there would be lost from sight."""

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
        elif obj.kind == StorageTarget.Kind.S3 and self.has_change_permission(request, obj):
            kwargs["form"] = BucketForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        bucket = [
            (_("Bucket"), {"fields": BUCKET_FIELDS}),
            (_("How the bucket keeps it"), {"fields": KEPT_FIELDS}),
        ]
        if obj is None:
            whose = (None, {"fields": ["company", "name", "is_default", "kind"]})
            return [whose, (_("Local folder"), {"fields": ["folder"]}), *bucket]
        facts = ["company", "name", "kind", "is_default", "created_at"]
        if obj.kind == StorageTarget.Kind.S3 and self.has_change_permission(request, obj):
            return [(None, {"fields": facts}), *bucket]
        return [(None, {"fields": [*facts, "options"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company", "kind", "options", "is_default", "created_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: StorageTarget, form: Any, change: bool) -> None:
        actor = request.user
        if not isinstance(actor, User):
            raise PermissionDenied
        try:
            if change:
                self._change(obj, form.cleaned_data, actor)
            else:
                made = _make(obj, form.cleaned_data, actor)
                obj.pk, obj._state.adding = made.pk, False
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error

    def _change(self, obj: StorageTarget, found: dict[str, Any], actor: User) -> None:
        update_target(
            target=StorageTarget.objects.get(pk=obj.pk),
            actor=actor,
            name=obj.name,
            options=found.get("options"),
            secret=found.get("secret_key"),
        )

    def record(self, request: HttpRequest, verb: str, thing: Any, message: Any) -> None:
        """The services have written it."""

    @admin.action(description=_("Test: write, read and delete a probe"), permissions=["change"])
    def test_targets(self, request: HttpRequest, queryset: Any) -> None:
        for target in queryset:
            if not self.has_change_permission(request, target):
                continue
            try:
                test_target(target=target)
            except StorageError as error:
                messages.error(request, f"{target.name}: {error} {error.cure}".strip())
            else:
                said = _t("%(name)s: a probe was written, read back and deleted.")
                messages.success(request, said % {"name": target.name})


def _make(obj: StorageTarget, found: dict[str, Any], actor: User) -> StorageTarget:
    whose: dict[str, Any] = {
        "company": obj.company,
        "name": obj.name,
        "actor": actor,
        "is_default": obj.is_default,
    }
    if found["kind"] == StorageTarget.Kind.S3:
        return create_s3_target(**whose, options=found["options"], secret=found["secret_key"])
    return create_local_target(**whose, folder=Path(found["folder"]))


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
