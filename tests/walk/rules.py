"""The table of rules: which route answers whom, and how. A route without one fails the walk.

A line has a letter for each of viewer, operator, admin, agent, stranger and root, on a thing of
the first four's company: `i` let in, `f` 403, `m` 404, `l` sent to the login. The stranger is an
administrator of another company; root a superuser. What they get on a foreign thing, and on the
admin site, follows from it (`tests.walk.derived`).
"""

from dataclasses import dataclass, field
from typing import Any

ALL = "iiiiii"
NOT_AGENTS = "iiifii"
READ_ONE = "iiimmi"
ACT_ON_ONE = "fiimmi"
ADMINISTER_ONE = "ffimmi"
# What others do not even see.
ADMINS_ONE = "mmimmi"
SUPERUSERS = "fffffi"
NOBODY = "mmmmmm"


@dataclass(frozen=True)
class Rule:
    """What each method answers; methods that are not named are refused."""

    methods: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    # The names of own things are on the page of anyone who reads them; nobody's elsewhere.
    own_thing: bool = False
    # Who knows the key is let in, whoever it is: of no company and of every one.
    by_key: bool = False


def rule(
    body: dict[str, Any] | None = None,
    own_thing: bool = False,
    by_key: bool = False,
    **methods: str,
) -> Rule:
    return Rule(methods, body or {}, own_thing, by_key)


RULES: dict[str, Rule] = {
    "home": rule(GET=ALL),
    "health": rule(GET=ALL),
    "health-live": rule(GET=ALL),
    "health-ready": rule(GET=ALL),
    "login": rule(GET=ALL, POST=ALL, PUT=ALL, PATCH=ALL, DELETE=ALL),
    # Open to half a login; who is wholly logged in is led on from the login.
    "login-code": rule(GET="llllll", POST="llllll"),
    "login-set-up": rule(GET="llllll", POST="llllll"),
    "logout": rule(POST="llllll"),
    "dashboard:overview": rule(GET=NOT_AGENTS),
    "dashboard:expected": rule(GET=NOT_AGENTS),
    "dashboard:expected-job": rule(GET=READ_ONE),
    "dashboard:expected-new": rule(GET="ffifii", POST="ffifii"),
    "dashboard:expected-preview": rule(GET="ffifii"),
    "dashboard:expected-import": rule(GET="ffifii", POST="ffifii"),
    "dashboard:expected-export": rule(GET=NOT_AGENTS),
    "dashboard:expected-edit": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "dashboard:expected-delete": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "dashboard:expected-act": rule(POST=ACT_ON_ONE, body={"act": "acknowledge"}),
    "ping": rule(GET=ALL, POST=ALL, by_key=True),
    "ping-what": rule(GET=ALL, POST=ALL, by_key=True),
    # One's own account. A token of anyone else is not there, for root neither.
    "access:account": rule(GET=ALL),
    "access:confirm": rule(GET=ALL, POST=ALL),
    "access:password": rule(POST=ALL),
    "access:account-second-factor": rule(GET=ALL, POST=ALL),
    "access:recovery-codes": rule(POST=ALL),
    "access:second-factor-off": rule(POST=ALL),
    "access:session-end": rule(POST=ALL, body={"session": "others"}),
    "access:token-create": rule(POST=ALL),
    "access:token-rotate": rule(POST=ALL, own_thing=True),
    "access:token-revoke": rule(POST=ALL, own_thing=True),
    "access:audit": rule(GET="ffifii"),
    # Pages
    "backups:list": rule(GET=NOT_AGENTS, POST="fiifii"),
    "backups:detail": rule(GET=READ_ONE),
    "backups:cancel": rule(GET=ACT_ON_ONE, POST=ACT_ON_ONE),
    "backups:check": rule(POST=ACT_ON_ONE),
    "backups:check-cancel": rule(POST=ACT_ON_ONE),
    "backups:copy": rule(POST=ACT_ON_ONE),
    "backups:storage": rule(GET=READ_ONE, POST=ADMINISTER_ONE),
    "backups:databases": rule(GET=NOT_AGENTS),
    "backups:database-new": rule(GET="ffifii", POST="ffifii"),
    "backups:database-edit": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "backups:cleanup": rule(GET=READ_ONE, POST=ADMINISTER_ONE, own_thing=False),
    "backups:schedules": rule(GET=NOT_AGENTS),
    "backups:schedule-new": rule(GET="ffifii", POST="ffifii"),
    "backups:schedule-preview": rule(GET="ffifii"),
    "backups:schedule-edit": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "backups:schedule-act": rule(POST=ACT_ON_ONE, body={"act": "run"}),
    # Administrators of all companies only: the key opens everybody's backups.
    "backups:recovery-key": rule(GET=SUPERUSERS),
    "backups:recovery-key-challenge": rule(GET=SUPERUSERS),
    "backups:recovery-key-download": rule(POST=SUPERUSERS),
    "backups:recovery-key-rehearse": rule(POST=SUPERUSERS),
    "backups:recovery-key-remove": rule(POST=SUPERUSERS),
    "controlplane:sets": rule(GET=SUPERUSERS, POST=SUPERUSERS),
    "restores:list": rule(GET=NOT_AGENTS),
    "restores:detail": rule(GET=READ_ONE),
    "restores:cancel": rule(GET=ACT_ON_ONE, POST=ACT_ON_ONE),
    "restores:file": rule(GET="fiifii", POST="fiifii"),
    "restores:approve": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "restores:undo": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "restores:confirm": rule(GET=ACT_ON_ONE, POST=ACT_ON_ONE),
    "restores:new": rule(GET=ACT_ON_ONE, POST=ACT_ON_ONE),
    "alerts:list": rule(GET=NOT_AGENTS),
    "alerts:detail": rule(GET=READ_ONE),
    "alerts:act": rule(POST=ACT_ON_ONE, body={"act": "acknowledge"}),
    "alerts:channels": rule(GET="ffifii"),
    "alerts:channel-new": rule(GET="ffifii", POST="ffifii"),
    "alerts:channel-edit": rule(GET=ADMINS_ONE, POST=ADMINS_ONE),
    "alerts:channel-act": rule(POST=ADMINS_ONE, body={"act": "test"}),
    "alerts:window-add": rule(POST="ffifii"),
    "alerts:agents": rule(GET="ffifii"),
    "alerts:agent-act": rule(POST=ADMINS_ONE, body={"hours": "5"}),
    "alerts:window-edit": rule(GET=ADMINS_ONE, POST=ADMINS_ONE),
    "alerts:window-end": rule(POST=ADMINS_ONE),
    "uploads:list": rule(GET=NOT_AGENTS),
    "uploads:act": rule(POST=ACT_ON_ONE),
    "uploads:sender": rule(GET=ADMINS_ONE, POST=ADMINS_ONE),
    "uploads:recordings": rule(GET=NOT_AGENTS),
    "uploads:retention": rule(GET=NOT_AGENTS, POST="ffifii"),
    "uploads:recording": rule(GET=READ_ONE),
    "uploads:recording-delete": rule(GET=ADMINISTER_ONE, POST=ADMINISTER_ONE),
    "docs": rule(GET=ALL),
    "redoc": rule(GET=ALL),
    # The API
    "api:schema": rule(GET=ALL),
    "api:nowhere": rule(GET=NOBODY, POST=NOBODY, PUT=NOBODY, PATCH=NOBODY, DELETE=NOBODY),
    "api:databases": rule(GET=NOT_AGENTS, POST="ffifii"),
    "api:database": rule(GET=READ_ONE, PATCH=ADMINISTER_ONE, DELETE=ADMINISTER_ONE),
    "api:database-test": rule(POST=ACT_ON_ONE),
    "api:storages": rule(GET=NOT_AGENTS, POST="ffifii"),
    "api:storage": rule(GET=READ_ONE, PATCH=ADMINISTER_ONE, DELETE=ADMINISTER_ONE),
    "api:storage-test": rule(POST=ACT_ON_ONE),
    "api:storage-rescan": rule(POST=ADMINISTER_ONE),
    "api:storage-orphans": rule(GET=READ_ONE, POST=ADMINISTER_ONE),
    "api:schedules": rule(GET=NOT_AGENTS, POST="ffifii"),
    "api:schedule": rule(GET=READ_ONE, PATCH=ADMINISTER_ONE, DELETE=ADMINISTER_ONE),
    "api:schedule-test": rule(POST=ACT_ON_ONE),
    "api:holdfast": rule(GET=SUPERUSERS, POST=SUPERUSERS),
    "api:schedule-run": rule(POST=ACT_ON_ONE),
    "api:database-cleanup": rule(GET=READ_ONE, POST=ADMINISTER_ONE),
    # Whose backup and server it may name is tested in tests/restores.
    "api:restores": rule(GET=NOT_AGENTS, POST="fiifii"),
    "api:restore-uploads": rule(GET=NOT_AGENTS, POST="fiifii"),
    "api:restore-upload": rule(GET=READ_ONE, DELETE=ACT_ON_ONE),
    "api:restore": rule(GET=READ_ONE),
    "api:restore-status": rule(GET=READ_ONE),
    "api:restore-cancel": rule(POST=ACT_ON_ONE),
    "api:restore-confirm": rule(POST=ACT_ON_ONE),
    "api:restore-undo": rule(POST=ADMINISTER_ONE),
    "api:restore-approve": rule(POST=ADMINISTER_ONE),
    "api:backup-create": rule(POST="fiifmi", body={"database": "{database_id}"}),
    "api:backup-list": rule(GET=NOT_AGENTS),
    "api:backup-detail": rule(GET=READ_ONE, PATCH=ACT_ON_ONE, DELETE=ADMINISTER_ONE),
    "api:backup-status": rule(GET=READ_ONE),
    "api:backup-download": rule(GET=ACT_ON_ONE),
    "api:backup-cancel": rule(POST=ACT_ON_ONE),
    "api:backup-copy": rule(GET=READ_ONE, POST=ACT_ON_ONE),
    "api:backup-validate": rule(GET=READ_ONE, POST=ACT_ON_ONE),
    # The walk's agent is the one that its company's job is expected of.
    "api:jobs": rule(GET=ALL, POST="ffifii"),
    "api:jobs-import": rule(POST="ffifii"),
    "api:jobs-export": rule(GET=ALL),
    "api:job": rule(GET="iiiimi", PUT="ffifmi", PATCH="ffifmi", DELETE="ffifmi"),
    "api:job-reports": rule(POST="fiiimi"),
    "api:job-acknowledge": rule(POST="fiifmi"),
    "api:job-ping-key": rule(POST="ffifmi"),
    "api:job-snooze": rule(POST="fiifmi", body={"hours": 1}),
    "api:entries": rule(GET=ALL),
    "api:job-entries": rule(GET="iiiimi"),
    "api:entry": rule(GET="iiiimi"),
    "api:alerts": rule(GET=NOT_AGENTS),
    "api:alert": rule(GET=READ_ONE),
    "api:alert-acknowledge": rule(POST=ACT_ON_ONE),
    "api:alert-snooze": rule(POST=ACT_ON_ONE),
    "api:alert-channels": rule(GET="ffifii", POST="ffifii"),
    "api:alert-channel": rule(GET=ADMINS_ONE, PATCH=ADMINS_ONE, DELETE=ADMINS_ONE),
    "api:alert-windows": rule(GET="ffifii", POST="ffifii"),
    "api:alert-window": rule(GET=ADMINS_ONE, PATCH=ADMINS_ONE, DELETE=ADMINS_ONE),
    "api:alert-agents": rule(GET="ffifii"),
    "api:alert-agent": rule(GET=ADMINS_ONE, PATCH=ADMINS_ONE, body={"silent_after_hours": 5}),
    "api:alert-channel-test": rule(POST=ADMINS_ONE),
    # Whose session it is: tests/uploads.
    "api:upload-create": rule(POST="fiiiii"),
    "api:upload-finalize": rule(POST=ACT_ON_ONE),
    "api:upload-status": rule(GET=READ_ONE),
    "api:upload-store": rule(POST=ACT_ON_ONE),
    "api:upload-end": rule(POST=ACT_ON_ONE),
    "api:uploads": rule(GET=ALL),
    "api:upload-quota": rule(GET=ALL),
    "api:upload-senders": rule(GET="ffifii"),
    "api:upload-sender": rule(GET=ADMINS_ONE, PUT=ADMINS_ONE),
    # An agent lists its own; what it may delete: tests/uploads.
    "api:recording-retention": rule(GET=NOT_AGENTS, PUT="ffifii"),
    "api:recording-cleanup": rule(POST="ffifii"),
    "api:recordings": rule(GET=ALL),
    "api:recording": rule(GET=READ_ONE, DELETE=ADMINISTER_ONE),
    "api:recording-content": rule(GET=READ_ONE),
    "api:recording-thumbnail": rule(GET=READ_ONE),
    "api:files": rule(GET=ALL),
    "api:file": rule(GET=READ_ONE),
    "api:queue": rule(GET=ALL),
    "api:stats": rule(GET=ALL),
    "api:notices": rule(GET=ALL, POST="ffifii"),
    "api:notice": rule(DELETE="ffifmi"),
    "notices:list": rule(GET="ffifii", POST="ffifii"),
    "notices:withdraw": rule(POST="ffifmi"),
    "api:live-tickets": rule(POST=ALL),
    "live:download-stream": rule(GET=READ_ONE),
    "live:queue-stream": rule(GET=ALL),
    "live:stats-stream": rule(GET=ALL),
    "live:dashboard-stream": rule(GET=ALL),
    "live:docs": rule(GET=ALL),
    "live:asyncapi": rule(GET=ALL),
    # To this machine; tests/monitoring/live/test_documents asks from elsewhere.
    "live:metrics": rule(GET=ALL),
    "live:connections": rule(GET=NOT_AGENTS),
    # The admin site lets in staff alone: of the cast the administrators and root.
    "admin:index": rule(GET="llilii", POST="llilii", PUT="llilii"),
    "admin:login": rule(GET="ffmfmm", POST="ffmfmm", PUT="ffmfmm"),
    "admin:logout": rule(POST="mmlmll"),
    "admin:password_change": rule(GET="llilii", POST="llilii", PUT="llilii"),
    "admin:password_change_done": rule(GET="llilii"),
    "admin:jsi18n": rule(GET="llilii"),
    "admin:search": rule(GET="llilii", POST="llilii", PUT="llilii"),
    "admin:app_list": rule(GET="llilii", POST="llilii", PUT="llilii"),
    "admin:autocomplete": rule(GET="llflff"),
    "admin:view_on_site": rule(GET="llmlmm", POST="llmlmm"),
    "admin:admin/{url}": rule(GET="llmlmm", POST="llmlmm"),
}

# What an administrator of a company and a superuser do with each model of the admin site:
# v(iew), a(dd), c(hange), d(elete). Rows of other companies are not there.
ADMIN_SITE: dict[str, tuple[str, str]] = {
    "access_agent": ("vac", "vacd"),
    "access_auditentry": ("v", "v"),
    "access_company": ("v", "vacd"),
    "access_membership": ("v", "vacd"),
    "access_token": ("vd", "vad"),
    "access_user": ("", "vacd"),
    "backups_backup": ("v", "v"),
    "backups_backupschedule": ("v", "v"),
    "backups_cleanup": ("v", "v"),
    "backups_duetime": ("v", "v"),
    "backups_check": ("v", "v"),
    "backups_copy": ("v", "v"),
    "backups_database": ("vac", "vac"),
    "backups_levelresult": ("v", "v"),
    "backups_recoverykey": ("", "v"),
    "controlplane_controlset": ("", "v"),
    "django_q_failure": ("", "v"),
    "django_q_ormq": ("", "v"),
    "monitoring_agentwatch": ("v", "v"),
    "monitoring_alert": ("v", "v"),
    "monitoring_channel": ("vacd", "vacd"),
    "monitoring_delivery": ("v", "v"),
    "monitoring_backupentry": ("v", "v"),
    "monitoring_maintenancewindow": ("v", "v"),
    "monitoring_event": ("v", "v"),
    "monitoring_expectedbackupjob": ("vacd", "vacd"),
    "monitoring_heartbeat": ("", "v"),
    "monitoring_logline": ("v", "v"),
    "monitoring_stage": ("v", "v"),
    "monitoring_step": ("v", "v"),
    "monitoring_trackedfile": ("v", "v"),
    "restores_receivedfile": ("v", "v"),
    "restores_restore": ("v", "v"),
    "uploads_recording": ("v", "v"),
    "uploads_uploadsession": ("v", "v"),
    "storage_orphan": ("v", "v"),
    "storage_storagetarget": ("vac", "vac"),
    "storage_storedobject": ("v", "v"),
}
