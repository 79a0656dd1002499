"""What live readers are told of a completed backup."""

import pytest

from backups.models import Database
from monitoring.files.models import TrackedFile
from monitoring.live.messages import download_data
from monitoring.live.states import read_files
from storage.models import StorageTarget, StoredObject
from tests.cast import make_backup

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("form", ["dump.age", "dump.zst.age"])
def test_its_storage_key_size_and_form(
    database: Database, storage_target: StorageTarget, form: str
) -> None:
    backup = make_backup(database)
    assert backup.file_id is not None
    stored = StoredObject.objects.create(
        company=backup.company, target=storage_target, key=f"orders/1/orders.{form}", size=12
    )
    running = download_data(read_files([backup.file_id])[backup.file_id])
    assert "file_path" not in running
    TrackedFile.objects.filter(pk=backup.file_id).update(status="completed", progress=100)
    bare = download_data(read_files([backup.file_id])[backup.file_id])
    assert (bare["file_path"], bare["format"]) == (None, None)
    backup.stored_objects.add(stored)
    done = download_data(read_files([backup.file_id])[backup.file_id])
    assert (done["file_path"], done["file_size"], done["format"]) == (
        stored.key,
        backup.size_bytes,
        form,
    )
