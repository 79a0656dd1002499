"""How long an agent may be silent, and when it was last heard."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models import Agent


class AgentWatch(models.Model):
    """A token that is gone takes the time of its last use with it: it is kept here.

    `silent_after_hours`: None is what the installation has, 0 never tells.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="watch")
    heard_at = models.DateTimeField(_("last heard"), null=True, editable=False)
    silent_after_hours = models.PositiveIntegerField(
        _("told after hours of silence"), null=True, blank=True
    )

    class Meta:
        app_label = "monitoring"
        verbose_name = _("watch of an agent")
        verbose_name_plural = _("watches of agents")
        ordering = ["agent"]

    def __str__(self) -> str:
        return str(self.agent)
