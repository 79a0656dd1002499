"""The admin of people, companies, memberships and the audit. Roles are in access.roles."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from access import agent_admin
from access.models import AuditEntry, Company, Membership, User
from access.reauthentication import confirm_address, is_recent
from access.scoped_admin import RecordAdmin, ScopedAdmin
from access.second_factor.services import reset

__all__ = ["agent_admin"]

# Rights come from the roles alone: a second place for them would only mislead.
admin.site.unregister(Group)


class MembershipInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
    model = Membership
    extra = 0
    autocomplete_fields = ["company"]


@admin.register(User)
class PersonAdmin(UserAdmin, ScopedAdmin):  # type: ignore[type-arg,misc]  # not generic here
    """People. Only superusers see them: an account may belong to several companies."""

    company_path = None
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [MembershipInline]
    list_display = [
        "username",
        "kind",
        "email",
        "companies",
        "has_second_factor",
        "is_active",
        "is_staff",
    ]
    list_filter = ["kind", "is_active", "is_staff", "is_superuser", "memberships__company"]
    search_fields = ["username", "email", "first_name", "last_name"]
    actions = ["reset_second_factor"]
    readonly_fields = ["kind", "last_login", "date_joined"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password", "kind"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        people = super().get_queryset(request).select_related("second_factor")
        return people.prefetch_related("memberships__company")

    @admin.display(description=_("companies"))
    def companies(self, person: User) -> str:
        return ", ".join(
            f"{member.company.name} ({member.get_role_display()})"
            for member in person.memberships.all()
        )

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, person: User) -> bool:
        return hasattr(person, "second_factor")

    @admin.action(description=_("Take the second factor away"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> Any:
        """For who has lost the phone and the codes. It opens an account to its password alone."""
        if not is_recent(request):
            return redirect(confirm_address(request.get_full_path()))
        assert isinstance(request.user, User)
        count = sum(reset(user=person, actor=request.user) for person in people)
        self.message_user(request, _("Taken away from %d people.") % count)
        return None


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    company_path = ""
    list_display = ["name", "created_at"]
    search_fields = ["name"]


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    list_display = ["user", "company", "role"]
    list_filter = ["role", "company"]
    search_fields = ["user__username", "company__name"]
    autocomplete_fields = ["user", "company"]
    list_select_related = ["user", "company"]


@admin.register(AuditEntry)
class AuditAdmin(RecordAdmin):
    list_display = ["at", "actor_name", "action", "object_name", "company", "address"]
    list_filter = ["action", "company", "object_type"]
    search_fields = ["actor_name", "action", "object_name", "object_id"]
    date_hierarchy = "at"
    list_select_related = ["company"]
