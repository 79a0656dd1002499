"""Do rows, events and bytes agree? The same question that the fault tests ask."""

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
