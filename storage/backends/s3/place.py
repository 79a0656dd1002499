"""Where a bucket is and how it is spoken to, as the row of its target says."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from access.secrets import SecretUnreadable
from storage.errors import SecretLost, StorageError
from storage.models import StorageTarget


@dataclass(frozen=True)
class Place:
    """`endpoint` empty: Amazon's own of the region. `prefix` without slashes around it;
    `part_mb` 0: parts grow with the object."""

    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint: str = ""
    region: str = ""
    prefix: str = ""
    path_style: bool = False
    storage_class: str = ""
    encryption: str = ""
    kms_key: str = ""
    verify_tls: bool = True
    ca_certificate: str = field(default="", repr=False)
    part_mb: int = 0
    lock_days: int = 0
    lock_mode: str = "GOVERNANCE"

    def name_of(self, key: str) -> str:
        """The object's name in the bucket."""
        return f"{self.prefix}/{key}" if self.prefix else key

    def key_of(self, name: str) -> str:
        return name.removeprefix(f"{self.prefix}/") if self.prefix else name


def place_of(target: StorageTarget) -> Place:
    """Raises SecretLost, StorageError."""
    known = {name: target.options[name] for name in _OPTIONS if name in target.options}
    if not known.get("bucket") or not known.get("access_key"):
        raise StorageError(_("The storage has no bucket, or no access key."))
    try:
        return Place(**known, secret_key=target.secret)
    except SecretUnreadable as error:
        raise SecretLost(str(error), cure=_("Enter the secret again.")) from error


_OPTIONS = frozenset(Place.__dataclass_fields__) - {"secret_key"}
