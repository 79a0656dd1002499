"""The course of one restore on a runner.

bytes → sha256 → unpacked → pg_restore or psql into a draft → fingerprints compared → its name.
"""

import itertools
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from backups.engines import Difference, RestoreOptions, engine_for, run_name
from backups.runs import failing_in_its_row
from backups.secret_use import record_use_by_run
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from restores.errors import CopyDiffers
from restores.models import Restore
from restores.naming import finish_earlier, give_name
from restores.origins import Origin, origin_of
from restores.outcome import keep_counts, keep_differences, note_made_roles


def carry_out(*, restore: Restore, claim: Claim) -> None:
    """Run the restore that the claim is for. Its failures end in its row, not here."""
    journal = Journal()
    with failing_in_its_row(claim, event="restore_broke", code="restore_failed"):
        record_use_by_run(database=restore.server, claim=claim, purpose="restore")
        if not finish_earlier(restore=restore, claim=claim, journal=journal):
            _restore(restore, claim, journal)


def _restore(restore: Restore, claim: Claim, journal: Journal) -> None:
    origin = origin_of(restore)
    enter_stage(claim=claim, key="receive", journal=journal)
    enter_stage(claim=claim, key="validate", journal=journal)
    with origin.validated(claim=claim, journal=journal) as manifest:
        _bring(restore, claim, journal, origin, manifest)


def _bring(
    restore: Restore, claim: Claim, journal: Journal, origin: Origin, manifest: dict[str, Any]
) -> None:
    meter = Meter(claim=claim, journal=journal, key="restore", bytes_total=origin.size)
    with engine_for(restore.server).restore(
        restore.server,
        manifest,
        name=restore.target_name,
        replaces=restore.replaces,
        draft=restore.draft(claim.attempt),
        run=run_name(claim.file_id, claim.attempt),
        options=RestoreOptions(**restore.options),
        journal=journal,
        on_wait=lambda: meter.live(),
    ) as there:
        reach("restore.draft-made")
        meter.share = there.share
        enter_stage(claim=claim, key="restore", journal=journal, bytes_total=origin.size)
        origin.bring(there, meter)
        note_made_roles(restore=restore, claim=claim, roles=there.made_roles)
        reach("restore.restored")
        enter_stage(claim=claim, key="finalize", journal=journal)
        differences = there.compare(on_table=_on_table(claim, journal, manifest))
        if differences:
            keep_differences(restore=restore, claim=claim, differences=differences)
            raise CopyDiffers(_first(differences))
        keep_counts(restore=restore, claim=claim, there=there)
        reach("restore.compared")
        there.settle()
        give_name(restore=restore, claim=claim, journal=journal, there=there)


def _on_table(claim: Claim, journal: Journal, manifest: dict[str, Any]) -> Callable[[str], None]:
    marks = manifest["contents"].get("fingerprint") or {"tables": {}}
    total = len(marks["tables"])
    meter = Meter(claim=claim, journal=journal, key="finalize", bytes_total=total)
    done = itertools.count()

    def begin(table: str) -> None:
        journal.begin_step(table)
        meter.reach(next(done))

    return begin


def _first(differences: list[Difference]) -> str:
    one = differences[0]
    return _("%(count)d differences from the source, the first: %(kind)s %(name)s: %(said)s") % {
        "count": len(differences),
        "kind": one.kind,
        "name": one.name,
        "said": one.said,
    }
