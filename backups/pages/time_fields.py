"""The fields by which a form asks for times: those that more than one form has."""

from django import forms
from django.utils.translation import gettext_lazy as _


def clock_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def at_field(initial: str) -> forms.TimeField:
    return forms.TimeField(
        label=_("At"),
        initial=initial,
        required=False,
        widget=clock_input(),
        help_text=_("Each hour: only its minutes count."),
    )


def cron_field() -> forms.CharField:
    return forms.CharField(
        label=_("Cron"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "30 2 * * 1-5", "class": "mono"}),
        help_text=_("minute hour day month weekday"),
    )


def zone_field() -> forms.CharField:
    """The page has the list of zones."""
    return forms.CharField(
        label=_("Time zone"),
        max_length=64,
        initial="UTC",
        widget=forms.TextInput(attrs={"list": "zones"}),
        help_text=_("As in Europe/Berlin. Its summer time is followed."),
    )
