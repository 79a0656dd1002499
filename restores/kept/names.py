"""Whether the name is where it belongs: what is kept goes by itself only while something stands."""

from backups.engines import engine_for
from restores.models import Restore


def holds_the_name(restore: Restore) -> bool:
    """Whether the target's name is that of what the last restore there has left. Raises
    BackupError when the server cannot be asked."""
    server = restore.server
    swapped = Restore.objects.filter(
        server__host=server.host,
        server__port=server.port,
        target_name=restore.target_name,
        status__in=(Restore.Status.COMPLETED, Restore.Status.UNDONE),
        new_id__isnull=False,
    )
    last = swapped.order_by("-completed_at").first()
    if last is None:
        return False
    holder = last.old_id if last.status == Restore.Status.UNDONE else last.new_id
    if holder is None:
        return False
    names = engine_for(server).whereabouts(server, ids=[holder])
    return names.get(holder) == restore.target_name
