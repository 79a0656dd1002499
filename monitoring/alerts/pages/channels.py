"""Channels for administrators: what there are, how their last message went, form, test."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.models import User
from access.pages.gate import must_have, person
from access.pages.saving import save_form
from access.policy import NotAllowed, companies_where
from monitoring.alerts.channels import (
    change_channel,
    create_channel,
    may_over,
    remove_channel,
    test_channel,
)
from monitoring.alerts.errors import AlertError, NoSuchChannel
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.pages.channel_form import ChannelForm
from monitoring.alerts.selectors import channel_for, list_channels, list_windows

SENDS = 20
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def channel_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "monitoring.view_channel")
    channels = list(list_channels(actor=user))
    newest = Delivery.objects.filter(channel__in=channels).exclude(attempts=0)
    last = {
        one.channel_id: one for one in newest.order_by("channel_id", "-pk").distinct("channel_id")
    }
    context = {
        "rows": [(one, last.get(one.pk), _may(user, "change", one)) for one in channels],
        "windows": list_windows(actor=user),
        "companies": companies_where(user, "monitoring.add_maintenancewindow"),
    }
    return render(request, "alerts/channels.html", context)


@form_methods
def channel_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "monitoring.add_channel")
    return _answer(request, user, ChannelForm(request.POST or None, user=user))


@form_methods
def channel_edit(request: HttpRequest, channel_id: str) -> HttpResponse:
    user = person(request)
    channel = _visible(user, channel_id)
    if not _may(user, "change", channel):
        raise PermissionDenied
    return _answer(request, user, ChannelForm(request.POST or None, user=user, channel=channel))


@require_POST
def channel_act(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Test it, or remove it."""
    user = person(request)
    channel = _visible(user, channel_id)
    act = request.POST.get("act", "")
    if act not in ("test", "remove"):
        return HttpResponse(status=400)
    try:
        if act == "test":
            test_channel(channel=channel, actor=user)
            messages.success(request, _("A test is on its way by %s.") % channel.name)
            return redirect("alerts:channel-edit", channel_id=channel.pk)
        remove_channel(channel=channel, actor=user)
        messages.success(request, _("%s is removed.") % channel.name)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    return redirect("alerts:channels")


def _answer(request: HttpRequest, user: User, form: ChannelForm) -> HttpResponse:
    saved = save_form(form, lambda: _save(form, user), refusals=(AlertError,))
    if saved is None:
        return _show(request, form, status=400 if form.is_bound else 200)
    messages.success(request, _("%s is saved. Test it now.") % saved.name)
    return redirect("alerts:channel-edit", channel_id=saved.pk)


def _save(form: ChannelForm, user: User) -> Channel:
    address = form.cleaned_data["address"].strip()
    if form.channel is None:
        return create_channel(company=form.company, actor=user, address=address, **form.values())
    return change_channel(
        channel=form.channel, actor=user, address=address or None, **form.values()
    )


def _show(request: HttpRequest, form: ChannelForm, *, status: int) -> HttpResponse:
    sends = form.channel.deliveries.order_by("-pk")[:SENDS] if form.channel else []
    context = {"form": form, "channel": form.channel, "sends": sends}
    return render(request, "alerts/channel_form.html", context, status=status)


def _may(user: User, action: str, channel: Channel) -> bool:
    return may_over(user, f"monitoring.{action}_channel", channel.company)


def _visible(user: User, channel_id: str) -> Channel:
    try:
        return channel_for(actor=user, ref=channel_id)
    except NoSuchChannel as error:
        raise Http404(str(error)) from error
