"""People are told when the audit lost what `audit.head` knows: it stays so until accepted."""

from django.utils.translation import gettext as _

from access.models import Company
from access.sealing import lost_head
from monitoring.alerts.services import alert


def alert_lost_audit() -> bool:
    """One alert for each head that was lost; whether there is one. A duty of the tick.

    Of the first company, like the entry of `audit accept`: the chain is of all.
    """
    known = lost_head()
    company = Company.objects.order_by("pk").first()
    if known is None or company is None:
        return known is not None
    alert(
        company=company,
        rule="audit.lost",
        title=_("The audit is not what it was"),
        text=_("Entry %d is gone or was changed. manage.py audit verify tells more.")
        % known.position,
        thing=company,
        key=f"audit.lost:{known}",
    )
    return True
