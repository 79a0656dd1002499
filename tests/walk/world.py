"""Two companies with one of everything, and who walks through them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from access import audit
from access.models import Company, Membership, User
from access.policy import System
from access.roles import Role
from access.services import create_agent
from backups.models import (
    Backup,
    BackupSchedule,
    Check,
    Cleanup,
    Copy,
    Database,
    DueTime,
    LevelResult,
)
from controlplane.models import ControlSet
from monitoring.alerts.models import AgentWatch, Channel, Delivery, MaintenanceWindow
from monitoring.alerts.services import open_alert
from monitoring.events.models import Event
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.jobs import create_job
from monitoring.files.models import LogLine, Step
from monitoring.files.services import open_file
from monitoring.heartbeats.services import beat
from monitoring.notices.models import Notice
from restores.models import Restore
from restores.received.models import ReceivedFile
from storage.models import Orphan, StorageTarget, StoredObject
from tests.cast import make_backup, person
from uploads.models import Part, Recording, UploadSession

PEOPLE = ("viewer", "operator", "admin", "agent", "stranger", "root")
CLI = System("walk")


@dataclass
class Place:
    """One company's things: `values` for the parameters of a route, `things` for the admin."""

    company: Company
    mark: str
    values: dict[str, object] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    own: Place
    foreign: Place
    people: Mapping[str, User]


def make_world(folder: Path) -> World:
    _long_numbers()
    own, foreign = (furnish(name, folder / name) for name in ("acme", "elsewhere"))
    people = {
        str(role): person(f"{role}.acme", own.company, role, is_staff=role == Role.ADMIN)
        for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
    }
    beat(name="tick")
    return World(
        own=own,
        foreign=foreign,
        people={
            **people,
            "agent": own.things["agent"].user,
            "stranger": person("admin.elsewhere", foreign.company, Role.ADMIN, is_staff=True),
            "root": User.objects.create_superuser("root", password="x"),
        },
    )


def _long_numbers() -> None:
    """Ids that are found in an answer as themselves, and not as a part of another number."""
    with connection.cursor() as cursor:
        for table in (
            "access_token",
            "monitoring_expectedbackupjob",
            "monitoring_backupentry",
            "monitoring_notice",
        ):
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 710000000)", [table])


def furnish(name: str, folder: Path) -> Place:
    """`mark` is in the names of all the company's things: nobody else may read it."""
    mark = f"{name}secret"
    place = Place(Company.objects.create(name=f"{mark} ltd"), mark)
    target = StorageTarget.objects.create(
        company=place.company, name=mark, options={"folder": str(folder)}, is_default=True
    )
    here = connection.settings_dict
    database = Database.objects.create(
        company=place.company, name=mark, host=here["HOST"], port=here["PORT"] or 5432,
        database_name=mark, username=here["USER"],
    )  # fmt: skip
    backup = make_backup(database)
    stored = StoredObject.objects.create(
        company=place.company, target=target, key=f"{mark}/1", size=10, sha256="ab" * 32
    )
    backup.stored_objects.add(stored)
    file = backup.file
    assert file is not None
    stage = file.stages.all()[0]
    agent, _text = create_agent(name=mark, company=place.company, actor=CLI)
    token = agent.user.auth_token_set.get()
    channel = Channel.objects.create(
        company=place.company, name=mark, recipients=[f"{mark}@example.org"]
    )
    alert = open_alert(key=f"failed:{mark}", company=place.company, subject=mark, thing=file)
    job = create_job(
        actor=CLI, company_name=place.company.name, city=mark, database_name=mark,
        agent_id_responsible=mark, backup_frequency="hourly", expected_minute_utc=0,
    )  # fmt: skip
    entry = record_entry(job_id=job.pk, arrival=Arrival("FAILED", "report", message=mark))
    place.things = {
        "agent": agent,
        "auditentry": audit.record(actor=CLI, action="x", thing=database, company=place.company),
        "company": place.company,
        "membership": Membership.objects.get(user=agent.user),
        "token": token,
        "user": agent.user,
        "backup": backup,
        "backupentry": entry,
        "expectedbackupjob": job,
        "check": _check(backup),
        "copy": Copy.objects.create(company=place.company, backup=backup, target=target),
        "database": database,
        "levelresult": LevelResult.objects.create(
            backup=backup, stored=stored, level="checksum", passed=True
        ),
        "alert": alert,
        "agentwatch": AgentWatch.objects.create(agent=agent, silent_after_hours=5),
        "channel": channel,
        "maintenancewindow": MaintenanceWindow.objects.create(
            company=place.company, begins_at=Now(), ends_at=Now() + timedelta(hours=1), reason=mark
        ),
        "delivery": Delivery.objects.get(alert=alert),
        "event": Event.objects.filter(company=place.company).first(),
        "logline": LogLine.objects.create(file=file, message=mark, source="pg_dump"),
        "stage": stage,
        "step": Step.objects.create(stage=stage, status="completed", message=mark),
        "trackedfile": file,
        "receivedfile": ReceivedFile.objects.create(company=place.company, name=mark, size=1),
        "restore": _restore(backup),
        "notice": _notice(place.company, mark),
        "schedule": BackupSchedule.objects.create(
            company=place.company, database=database, name=mark, interval_minutes=60
        ),
        "cleanup": Cleanup.objects.create(company=place.company, database=database, asked_by=mark),
        "orphan": Orphan.objects.create(
            company=place.company, target=target, key=f"{mark}/2", size=1, walk=uuid.uuid4()
        ),
        "storagetarget": target,
        "storedobject": stored,
        "uploadsession": _upload(place.company, mark),
    }
    place.things["backupschedule"] = place.things["schedule"]
    place.things["duetime"] = DueTime.objects.create(
        schedule=place.things["schedule"], due_at=timezone.now(), state=DueTime.State.QUEUED
    )
    place.things["controlset"] = ControlSet.objects.create(target=target)
    place.things["recording"] = _recording(place.things["uploadsession"], stored)
    place.values = values_for(place.things)
    return place


def _notice(company: Company, mark: str) -> Notice:
    """One that is over: the others stand on every page. Its id is in none by chance."""
    began = timezone.now() - timedelta(hours=2)
    return Notice.objects.create(
        pk=900_000_000 + company.pk,
        company=company,
        title=mark,
        starts_at=began,
        ends_at=began + timedelta(hours=1),
    )


def _check(backup: Backup) -> Check:
    file = open_file(
        kind="drill", company=backup.company, name=backup.name, original_path="", origin="database"
    )
    return Check.objects.create(company=backup.company, backup=backup, file=file)


def _restore(backup: Backup) -> Restore:
    file = open_file(
        kind="restore", company=backup.company, name=backup.name, original_path="", origin="stored"
    )
    return Restore.objects.create(
        company=backup.company,
        backup=backup,
        server=backup.database,
        target_name=backup.database.name,
        file=file,
    )


def _upload(company: Company, mark: str) -> UploadSession:
    file = open_file(kind="upload", company=company, name=mark, original_path="", origin="upload")
    session: UploadSession = UploadSession.objects.create(
        company=company,
        file_name=mark,
        file_size=1,
        file=file,
        expires_at=timezone.now() + timedelta(days=1),
    )
    Part.objects.create(session=session, kind=Part.Kind.FILE, size=1)
    return session


def _recording(session: UploadSession, stored: StoredObject) -> Recording:
    recording: Recording = Recording.objects.create(
        company=session.company, session=session, stored=stored, file_name=session.file_name,
        size=10, sha256="ab" * 32, content_type="video/mp4", thumbnail=b"\xff\xd8",
        has_thumbnail=True,
    )  # fmt: skip
    return recording


def values_for(things: Mapping[str, Any]) -> dict[str, object]:
    return {
        "agent_pk": things["agent"].pk,
        "agent_id": things["agent"].agent_id,
        "alert_id": things["alert"].pk,
        "backup_id": things["backup"].pk,
        "channel_id": things["channel"].pk,
        "database_id": things["database"].pk,
        "download_id": things["trackedfile"].pk,
        "entry_id": things["backupentry"].pk,
        "file_id": things["trackedfile"].pk,
        "notice_id": things["notice"].pk,
        "job_id": things["expectedbackupjob"].pk,
        "key": things["expectedbackupjob"].ping_key,
        "what": "start",
        "restore_id": things["restore"].pk,
        "schedule_id": things["schedule"].pk,
        "target_id": things["storagetarget"].pk,
        "token_id": things["token"].pk,
        "upload_id": things["receivedfile"].pk,
        "window_id": things["maintenancewindow"].pk,
        "session_id": things["uploadsession"].pk,
        "recording_id": things["recording"].pk,
    }


def missing_values() -> dict[str, object]:
    """Of nothing that there is."""
    nothing = uuid.UUID(int=1)
    return {
        "agent_pk": 10**9,
        "agent_id": "zz-of-nobody",
        "alert_id": 10**9,
        "backup_id": nothing,
        "channel_id": nothing,
        "database_id": nothing,
        "download_id": nothing,
        "entry_id": 10**9,
        "file_id": nothing,
        "notice_id": 10**9,
        "job_id": 10**9 + 1,
        "key": "nobody",
        "what": "start",
        "restore_id": nothing,
        "schedule_id": nothing,
        "target_id": nothing,
        "token_id": 10**9,
        "upload_id": nothing,
        "window_id": 10**9,
        "session_id": nothing,
        "recording_id": nothing,
    }
