"""Do rows, events and bytes agree, and the audit with its head? Fault tests ask the first, too."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from config.doctor.results import Examination, Result, bad, ok

MOST_TOLD = 10


def check_agreement(examination: Examination) -> Iterator[Result]:
    if examination.database_error is not None:
        return
    from backups.consistency import find_disagreements

    found = find_disagreements()
    if not found:
        yield ok("agreement", _("rows, events and stored bytes agree"))
    for said in found[:MOST_TOLD]:
        yield bad(
            "agreement",
            said,
            _("The tick mends what a lost run left within a minute; look again then."),
        )


def check_audit(examination: Examination) -> Iterator[Result]:
    """By the head alone, which is quick; `audit verify` reads every entry."""
    if examination.database_error is not None:
        return
    from access.sealing import lost_head

    known = lost_head()
    if known is None:
        yield ok("audit", _("its end is the one that audit.head knows, or further on"))
    else:
        yield bad(
            "audit",
            _("Entry %d, which audit.head knows, is gone or was changed.") % known.position,
            _("Run: manage.py audit verify. After a restore of this database: audit accept."),
        )
