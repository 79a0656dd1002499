"""The course of one restore on a runner.

stored bytes → sha256 → age → zstd → pg_restore into a draft → fingerprints compared → its name.
"""

import itertools
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from backups import keyring
from backups.engines import Difference, Restoration, RestoreOptions, engine_for, run_name
from backups.errors import Corrupt, Missing
from backups.pipeline import named
from backups.runs import failing_in_its_row
from backups.validation import Hashed, decrypt
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from restores.errors import CopyDiffers
from restores.models import Restore
from restores.outcome import keep_differences, write_success
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object


def carry_out(*, restore: Restore, claim: Claim) -> None:
    """Run the restore that the claim is for. Its failures end in its row, not here."""
    journal = Journal()
    with failing_in_its_row(claim, event="restore_broke", code="restore_failed"):
        if _was_published(restore, claim):
            write_success(restore=restore, claim=claim, journal=journal)
        else:
            _restore(restore, claim, journal)


def _was_published(restore: Restore, claim: Claim) -> bool:
    """An attempt before this one may have died between the name and our own commit."""
    engine = engine_for(restore.server)
    drafts = [restore.draft(attempt) for attempt in range(1, claim.attempt)]
    return any(
        engine.was_published(restore.server, name=restore.target_name, draft=draft)
        for draft in drafts
    )


def _restore(restore: Restore, claim: Claim, journal: Journal) -> None:
    stored = restore.backup.stored_objects.select_related("target").order_by("stored_at").first()
    if stored is None:
        raise Missing(_("Nothing of this backup is stored."))
    manifest = restore.backup.manifest or {}
    identity = keyring.installation_identity()
    enter_stage(claim=claim, key="receive", journal=journal)
    enter_stage(claim=claim, key="validate", journal=journal)
    meter = Meter(claim=claim, journal=journal, key="restore", bytes_total=stored.size)
    with engine_for(restore.server).restore(
        restore.server,
        manifest,
        name=restore.target_name,
        draft=restore.draft(claim.attempt),
        run=run_name(claim.file_id, claim.attempt),
        options=RestoreOptions(**restore.options),
        journal=journal,
        on_wait=lambda: meter.live(),
    ) as there:
        reach("restore.draft-made")
        enter_stage(claim=claim, key="restore", journal=journal, bytes_total=stored.size)
        _bring(stored, manifest, identity, there, meter)
        reach("restore.restored")
        enter_stage(claim=claim, key="finalize", journal=journal)
        differences = there.compare(on_table=_on_table(claim, journal, manifest))
        if differences:
            keep_differences(restore=restore, claim=claim, differences=differences)
            raise CopyDiffers(_first(differences))
        reach("restore.compared")
        there.settle()
        write_success(restore=restore, claim=claim, journal=journal, there=there)


def _bring(
    stored: StoredObject, manifest: dict[str, Any], identity: Any, there: Restoration, meter: Meter
) -> None:
    try:
        with open_object(target=stored.target, key=stored.key) as file:
            source = Hashed(file, meter.add)
            decrypt(source, there, manifest, identity)
            there.finish()
            source.drain()
    except StorageError as error:
        raise named(error) from error
    if (source.size, source.digest.hexdigest()) != (stored.size, stored.sha256):
        raise Corrupt(_("The stored bytes are not those that were written."))


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
