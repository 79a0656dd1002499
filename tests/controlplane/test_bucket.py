"""Holdfast's own set in a bucket: fetched into a folder it opens, and the bucket is not moved."""

from pathlib import Path

import pytest

from access.models import Company, User
from config.recovering.errors import NoSet
from config.recovering.settling import _move_targets
from config.recovering.source import choose, open_set
from tests.backups.test_s3 import made_target
from tests.cast import Login, superuser
from tests.controlplane.test_sets import make_one, recovery_identity
from tests.storage.buckets import Bucket, Server

__all__ = ["superuser"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("s3")]


def test_a_set_goes_to_a_bucket_and_is_fetched_from_it(
    company: Company, s3_server: Server, superuser: User, login: Login, tmp_path: Path
) -> None:
    bucket = Bucket(s3_server.endpoint)
    cloud = made_target(company, bucket)
    row = make_one()
    assert (row.status, row.error, row.target) == ("completed", "", cloud)
    page = login(superuser).get("/dashboard/holdfast").content.decode()
    assert f"aws s3 sync s3://{bucket.name}/holdfast/holdfast-itself FOLDER" in page
    for name in bucket.names():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bucket.body(name))
    found = open_set(choose(tmp_path, ""), recovery_identity())
    assert found.id == row.pk
    before = cloud.options
    _move_targets({found.manifest["target"]: found.root}, strict=False)
    cloud.refresh_from_db()
    assert cloud.options == before
    with pytest.raises(NoSet, match="is a bucket"):
        _move_targets({"cloud": tmp_path})
    with pytest.raises(NoSet, match="from the bucket"):
        choose(Path("s3://bucket/holdfast"), "")
