"""The list of checks, in the order of telling."""

from config.doctor import agreement, machine, recovery, services, work
from config.doctor.results import Check

CHECKS: list[tuple[str, Check]] = [
    ("python", machine.check_python),
    ("user", machine.check_user),
    ("data folder", machine.check_data_folder),
    ("disk", machine.check_disk),
    ("keys", machine.check_keys),
    ("postgresql", services.check_postgres),
    ("migrations", services.check_migrations),
    ("clock", services.check_clock),
    ("redis", services.check_redis),
    ("workers", work.check_watchers),
    ("queue", work.check_queue),
    ("clients", work.check_clients),
    ("storage", work.check_storage),
    ("recovery key", recovery.check_recovery_key),
    ("own backup", recovery.check_own_backup),
    ("drills", recovery.check_drills),
    ("agreement", agreement.check_agreement),
    ("audit", agreement.check_audit),
    ("mail", services.check_mail),
]
