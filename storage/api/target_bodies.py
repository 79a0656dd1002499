"""What a request says of a storage target, and the verbs' arguments that come of it."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from access.models import Company
from access.policy import Actor
from storage import s3_options
from storage.api.bodies import BadValue, Body, Flag, Number, Text
from storage.models import StorageTarget
from storage.services import create_local_target, create_s3_target, update_target

LONGEST_FOLDER = 1000


class BucketFields(Body):
    """Of kind s3 alone; `storage.s3_options` checks them together."""

    endpoint = Text(max_length=300, allow_blank=True, help_text="Empty: Amazon's own.")
    region = Text(max_length=40, allow_blank=True, help_text="Empty: us-east-1.")
    bucket = Text(max_length=63)
    prefix = Text(max_length=200, allow_blank=True, help_text="What all keys begin with.")
    access_key = Text(max_length=200)
    secret_key = Text(
        write_only=True,
        allow_blank=True,
        max_length=1000,
        help_text="Kept encrypted, never shown. Empty in a change: as it is.",
    )
    path_style = Flag()
    storage_class = serializers.ChoiceField(choices=["", *s3_options.STORAGE_CLASSES])
    encryption = serializers.ChoiceField(choices=["", *s3_options.ENCRYPTIONS])
    kms_key = Text(max_length=300, allow_blank=True)
    verify_tls = Flag()
    ca_certificate = Text(max_length=s3_options.LONGEST_CERTIFICATE, allow_blank=True)
    part_mb = Number(min_value=0, max_value=s3_options.MOST_PART_MB)
    lock_days = Number(min_value=0, max_value=s3_options.MOST_LOCK_DAYS)
    lock_mode = serializers.ChoiceField(choices=s3_options.LOCK_MODES)

    def get_fields(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_fields()
        for name in (*s3_options.DEFAULTS, "secret_key"):
            if name in found:
                found[name].required = False
        return found


class NewTarget(BucketFields):
    name = Text(max_length=100)
    kind = serializers.ChoiceField(choices=StorageTarget.Kind.values, default="local")
    folder = Text(
        max_length=LONGEST_FOLDER, required=False, help_text="Its full path on the server."
    )
    is_default = Flag(default=False)
    company = Text(required=False, help_text="Id or name; needed where you manage several.")

    def validate_folder(self, folder: str) -> str:
        if not Path(folder).is_absolute():
            raise serializers.ValidationError("Give the full path, from the root.")
        return folder

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_local = attrs["kind"] == StorageTarget.Kind.LOCAL
        if is_local and "folder" not in attrs:
            raise serializers.ValidationError({"folder": "Give the full path, from the root."})
        others = _bucket_fields(attrs) if is_local else {"folder"} & set(attrs)
        if others:
            said = "A storage of this kind has no such field."
            raise serializers.ValidationError(dict.fromkeys(sorted(others), said))
        return attrs


class ChangedTarget(BucketFields):
    name = Text(max_length=100)
    is_default = Flag()


def create_target_of(body: dict[str, Any], *, company: Company, actor: Actor) -> StorageTarget:
    """Raises NotAllowed, ValidationError, BadValue."""
    if body["kind"] == StorageTarget.Kind.LOCAL:
        return create_local_target(
            company=company,
            name=body["name"],
            folder=_folder(body["folder"]),
            is_default=body["is_default"],
            actor=actor,
        )
    return create_s3_target(
        company=company,
        name=body["name"],
        options=_options(body),
        secret=body.get("secret_key", ""),
        is_default=body["is_default"],
        actor=actor,
    )


def update_target_by(body: dict[str, Any], *, target: StorageTarget, actor: Actor) -> StorageTarget:
    """Raises NotAllowed, ValidationError."""
    return update_target(
        target=target,
        actor=actor,
        name=body.get("name"),
        is_default=body.get("is_default"),
        options=_options(body),
        secret=body.get("secret_key"),
    )


def _options(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in s3_options.DEFAULTS if name in body}


def _bucket_fields(body: dict[str, Any]) -> set[str]:
    return set(body) & {*s3_options.DEFAULTS, "secret_key"}


def _folder(text: str) -> Path:
    try:
        return Path(text).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        said = _("This path cannot be used: %(said)s")
        raise BadValue("folder", said % {"said": error}) from error
