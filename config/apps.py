"""The app of the installation itself: its commands `up`, `doctor` and `work`."""

from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "config"
    verbose_name = "Installation"
