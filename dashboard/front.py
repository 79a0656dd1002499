"""Addresses without a prefix of an app: the front door, login and health."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard import health, login, login_steps, overview

urlpatterns = [
    path("", overview.home, name="home"),
    path("login", login.Login.as_view(), name="login"),
    path("login/code", login_steps.code, name="login-code"),
    path("login/set-up", login_steps.set_up, name="login-set-up"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("api/health", health.health, name="health"),
    path("api/health/live", health.live, name="health-live"),
    path("api/health/ready", health.ready, name="health-ready"),
]
