"""The admin of agents and tokens. A token's text is shown once, in the answer that made it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from access import audit
from access.models import Agent, Token, User
from access.policy import NotAllowed
from access.reauthentication import require_recent
from access.roles import Role
from access.scoped_admin import ScopedAdmin
from access.services import create_agent
from access.tokens import TokenError, create_token, scopes_for

if TYPE_CHECKING:
    AgentModelForm = forms.ModelForm[Agent]
    TokenModelForm = forms.ModelForm[Token]
else:
    AgentModelForm = TokenModelForm = forms.ModelForm


class AgentForm(AgentModelForm):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.AGENT,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Agent sends and reports; the others may also read or act."),
    )

    class Meta:
        model = Agent
        fields = ["agent_id", "company"]


class TokenForm(TokenModelForm):
    days = forms.IntegerField(
        label=_("Days"),
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("How long it opens the API. Empty means until it is revoked."),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        user, scope = given.get("user"), given.get("scope")
        if user and scope and scope not in scopes_for(user):
            self.add_error("scope", _("A token cannot do more than its bearer."))
        return given

    class Meta:
        model = Token
        fields = ["user", "name", "scope"]


class ShownOnceAdmin(ScopedAdmin):
    """Answers the request that made a token with the token's text; it is stored nowhere."""

    # The services write it.
    writes_audit = False

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = getattr(obj, "token_text", "")
        if not text:
            plain: HttpResponse = super().response_add(request, obj, post_url_continue)
            return plain
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A new token"),
            "token": text,
            "thing": obj,
        }
        answer = TemplateResponse(request, "access/token_once.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


@admin.register(Agent)
class AgentAdmin(ShownOnceAdmin):
    list_display = ["agent_id", "company", "role", "last_used", "created_at"]
    list_filter = ["company"]
    search_fields = ["agent_id"]
    list_select_related = ["company", "user"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = AgentForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        return ["agent_id", "company", "role"] if obj is None else ["agent_id", "company", "user"]

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        return ["agent_id", "company", "user"] if obj else []

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        actor = request.user
        if change or not isinstance(actor, User):
            return
        try:
            made, text = create_agent(
                name=obj.agent_id,
                company=obj.company,
                actor=actor,
                role=form.cleaned_data["role"],
            )
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        obj.pk, obj.user, obj._state.adding = made.pk, made.user, False
        obj.token_text = text  # type: ignore[attr-defined]  # for the answer only

    @admin.display(description=_("role"))
    def role(self, agent: Agent) -> str:
        return str(agent.user.role_in(agent.company) or "")

    @admin.display(description=_("last used"))
    def last_used(self, agent: Agent) -> Any:
        tokens = Token.objects.filter(user=agent.user).exclude(last_used_at=None)
        return tokens.order_by("-last_used_at").values_list("last_used_at", flat=True).first()


@admin.register(Token)
class TokenAdmin(ShownOnceAdmin):
    """Deleting one revokes it at once. The digest is shown nowhere."""

    company_path = "user__agent__company"
    list_display = ["name", "user", "scope", "beginning", "created", "expiry", "last_used_at"]
    list_filter = ["user__kind", "expiry"]
    search_fields = ["name", "user__username", "token_key"]
    list_select_related = ["user"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = TokenForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> list[str]:
        if obj is None:
            return ["user", "name", "scope", "days"]
        return ["name", "user", "scope", "beginning", "created", "expiry", "last_used_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return require_recent(super().add_view)(request, *args, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "view", obj)

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        actor = request.user
        if change or not isinstance(actor, User):
            return
        days = form.cleaned_data["days"]
        try:
            text = create_token(
                user=obj.user,
                name=obj.name,
                actor=actor,
                lifetime=timedelta(days=days) if days else None,
                scope=obj.scope,
            )
        except (NotAllowed, TokenError) as error:
            raise PermissionDenied(str(error)) from error
        made = Token.objects.filter(user=obj.user, name=obj.name).latest("created")
        obj.pk, obj.token_key, obj._state.adding = made.pk, made.token_key, False
        obj.token_text = text

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for token in queryset:
            if isinstance(request.user, User):
                audit.record(
                    actor=request.user,
                    action="token.revoked",
                    thing=token,
                    company=self.company_of(token),
                    changes={"user": str(token.user)},
                )
        return super().log_deletions(request, queryset)

    @admin.display(description=_("begins with"))
    def beginning(self, token: Token) -> str:
        return f"{token.token_key}…"
