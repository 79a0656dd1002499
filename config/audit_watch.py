"""People are told when the audit lost what `audit.head` knows: it stays so until accepted."""

from django.utils.translation import gettext as _

from access.sealing import lost_head
from monitoring.alerts.models import Alert
from monitoring.alerts.services import Fact, settle


def alert_lost_audit() -> bool:
    """An alert while a head is lost; whether one is. Of all companies, as the chain is."""
    known = lost_head()
    facts = []
    if known is not None:
        said = _("Entry %d is gone or was changed. manage.py audit verify tells more.")
        facts = [
            Fact(
                key="audit.lost",
                company=None,
                severity=Alert.Severity.CRITICAL,
                subject=_("The audit is not what it was"),
                text=said % known.position,
                url="/dashboard/audit",
            )
        ]
    settle(rule="audit.lost", facts=facts)
    return known is not None
