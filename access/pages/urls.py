"""Addresses of the pages of access: the audit and one's own account."""

from django.urls import path

from access.pages import account, audit, confirm, second_factor, tokens

app_name = "access"

urlpatterns = [
    path("dashboard/audit", audit.audit_list, name="audit"),
    path("dashboard/account", account.account, name="account"),
    path("dashboard/account/confirm", confirm.confirm_page, name="confirm"),
    path("dashboard/account/password", account.change_password, name="password"),
    path("dashboard/account/second-factor", second_factor.set_up, name="account-second-factor"),
    path("dashboard/account/second-factor/codes", second_factor.new_codes, name="recovery-codes"),
    path("dashboard/account/second-factor/off", second_factor.turn_off, name="second-factor-off"),
    path("dashboard/account/sessions/end", account.session_end, name="session-end"),
    path("dashboard/account/tokens", tokens.token_create, name="token-create"),
    path(
        "dashboard/account/tokens/<int:token_id>/rotate", tokens.token_rotate, name="token-rotate"
    ),
    path(
        "dashboard/account/tokens/<int:token_id>/revoke", tokens.token_revoke, name="token-revoke"
    ),
]
