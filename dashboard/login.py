"""The login page. What is open without it is listed in access.routes."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.second_factor import pending
from access.second_factor.policy import has_one, is_required
from dashboard.login_steps import enter


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("Name and password do not fit together."),
        "inactive": _("This account is switched off. Ask an administrator."),
    }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.fields["username"].label = _("Name")
        password = self.fields["password"]
        password.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})


class Login(LoginView):
    template_name = "dashboard/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    next_page = "dashboard:overview"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        assert isinstance(user, User)
        goes_to = self.get_success_url()
        if has_one(user):
            pending.begin(self.request, user=user, goes_to=goes_to)
            return redirect("login-code")
        if is_required(user):
            pending.begin(self.request, user=user, goes_to=goes_to)
            return redirect("login-set-up")
        enter(self.request, user)
        return redirect(goes_to)


def admin_login(request: HttpRequest, **_context: object) -> HttpResponse:
    """In place of the admin's own login page: one door, with one lock, for all."""
    if request.user.is_staff:
        return redirect("admin:index")
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or "/admin/")


def admin_password_change(_request: HttpRequest, **_context: object) -> HttpResponse:
    """In place of the admin's own page: the one that ends other sessions and is audited."""
    return redirect("access:account")
