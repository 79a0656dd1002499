"""The command line has the verbs of the pages."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from access.models import AuditEntry, User
from storage.models import StorageTarget
from tests.uploads.made import make_session

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("upload", *arguments, stdout=out)
    return out.getvalue()


def test_its_verbs(agent: User, storage_target: StorageTarget) -> None:
    session = make_session(agent, storage_target, b"x" * 1500, file_name="one.mp4")
    assert f"{session.public_id}\tcreated\t1.50 kB\tone.mp4" in said("list", "--state", "active")
    assert said("list", "--state", "failed") == ""
    assert '"bytes_received": 1500' in said("show", session.public_id)
    said("end", session.public_id)
    assert '"error": "cancelled by cli"' in said("show", session.public_id)
    with pytest.raises(CommandError) as refused:
        said("store", session.public_id)
    assert refused.value.returncode == 3


def test_what_a_sender_is_allowed(agent: User) -> None:
    assert "most_open\t50" in said("allow", agent.username)
    told = said("allow", agent.username, "--most-open", "3", "--delete-recordings", "yes")
    assert "most_open\t3" in told
    assert "deletes_recordings\tTrue" in told
    assert AuditEntry.objects.filter(action="upload.allowance_changed").count() == 1
    with pytest.raises(CommandError):
        said("allow", "agent:nobody")
