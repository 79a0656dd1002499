"""What every admin of the product shares: rows of one's own companies, and the audit.

Roles are asked for the row's own company: an administrator here may be a viewer there.
"""

from functools import cached_property
from typing import Any

from django.contrib.admin import RelatedOnlyFieldListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from access import audit
from access.audit import is_secret
from access.models import Company, User


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """For tables that grow with every run: counts no further than anyone pages."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.MOST].count())


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """`company_path` is the lookup from the model to its company.

    Empty: the model is the company. None: the rows belong to none, and superusers see them.
    """

    company_path: str | None = "company"
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    # Services that write the audit themselves turn this off.
    writes_audit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(**self.scope(request, self.permission("view")))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters offer what the person may see: Django's own offer every company's rows."""
        return [self._scoped_filter(one) for one in super().get_list_filter(request)]

    def _scoped_filter(self, one: Any) -> Any:
        if isinstance(one, str) and get_fields_from_path(self.model, one)[-1].is_relation:
            return one, RelatedOnlyFieldListFilter
        return one

    def scope(self, request: HttpRequest, permission: str) -> dict[str, Any]:
        user = request.user
        if not isinstance(user, User) or user.is_superuser:
            return {}
        if self.company_path is None:
            return {"pk__in": []}
        path = f"{self.company_path}__" if self.company_path else ""
        # One filter() call: person and role must hold for the same membership.
        return {
            f"{path}memberships__user": user,
            f"{path}memberships__role__in": user.roles_with(permission),
        }

    def permission(self, action: str) -> str:
        return f"{self.opts.app_label}.{action}_{self.opts.model_name}"

    def company_of(self, thing: Model) -> Company | None:
        if self.company_path is None:
            return None
        found: Any = thing
        for name in filter(None, self.company_path.split("__")):
            found = getattr(found, name, None)
        return found if isinstance(found, Company) else None

    def allows(self, request: HttpRequest, action: str, thing: Model | None) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        if user.is_superuser or thing is None:
            return user.may(self.permission(action))
        company = self.company_of(thing)
        return company is not None and user.may(self.permission(action), company)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.allows(request, "view", obj) or self.allows(request, "change", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.allows(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.allows(request, "delete", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "add", None)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Company:
            user = request.user
            assert isinstance(user, User)
            companies = [
                company.pk
                for company in Company.objects.all()
                if user.may(self.permission("add"), company)
                or user.may(self.permission("change"), company)
            ]
            kwargs["queryset"] = Company.objects.filter(pk__in=companies)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change and self.writes_audit:
            # For `record`, which Django calls later with the message alone.
            obj.audited_changes = changes_of(form)
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.record(request, "created", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.record(request, "changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for thing in queryset:
            self.record(request, "deleted", thing, "")
        return super().log_deletions(request, queryset)

    def record(self, request: HttpRequest, verb: str, thing: Model, message: Any) -> None:
        user = request.user
        if self.writes_audit and isinstance(user, User):
            audit.record(
                actor=user,
                action=f"{self.opts.model_name}.{verb}",
                thing=thing,
                company=self.company_of(thing),
                changes=getattr(thing, "audited_changes", None)
                or ({"admin": message} if message else {}),
            )


def changes_of(form: Any) -> dict[str, Any]:
    """What a form changes, before and after; of a password only that it is a new one."""
    names = [name for name in form.changed_data if not is_secret(name)]
    before = {name: form.get_initial_for_field(form.fields[name], name) for name in names}
    after = {name: form.cleaned_data.get(name) for name in names}
    changes: dict[str, Any] = {"before": before, "after": after} if names else {}
    if len(names) < len(form.changed_data):
        changes["new_secret"] = True
    return changes


class RecordAdmin(ScopedAdmin):
    """Rows that the product writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: Model | None = None,
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,
        obj: Model | None = None,
    ) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.allows(request, "view", obj)
