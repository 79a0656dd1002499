"""A storage target in the shape of the documented API. Never a secret."""

from typing import Any

from storage.models import StorageTarget
from storage.s3_options import DEFAULTS

# By kind, what of the options may be shown: what is not named here stays hidden.
SHOWN: dict[StorageTarget.Kind, tuple[str, ...]] = {
    StorageTarget.Kind.LOCAL: ("folder",),
    StorageTarget.Kind.S3: tuple(DEFAULTS),
}


def describe_target(target: StorageTarget) -> dict[str, Any]:
    shown = SHOWN.get(StorageTarget.Kind(target.kind), ())
    return {
        "id": str(target.pk),
        "company": {"id": target.company_id, "name": target.company.name},
        "name": target.name,
        "kind": target.kind,
        "options": {key: target.options[key] for key in shown if key in target.options},
        "is_default": target.is_default,
        "created_at": target.created_at.isoformat().replace("+00:00", "Z"),
    }
