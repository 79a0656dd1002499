"""What a bucket answers, as our named errors: each with a sentence, and a cure where one is known.

The words of the other side are shown shortened and redacted: anybody may run an endpoint.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as botocore_errors
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from urllib3 import exceptions as http_errors

from access.redaction import redact
from storage import errors
from storage.backends.s3.place import Place
from storage.errors import StorageError

LONGEST_SAID = 200

_KEY = gettext_lazy("Check the access key and its secret, and that they belong to this endpoint.")
_RIGHTS = gettext_lazy("Give the key the rights that docs/storage.md lists, for this very bucket.")
_LATER = gettext_lazy("It is tried again by itself.")
_CLOCK = gettext_lazy("Set this machine's clock: it must be within a few minutes of the bucket's.")
_FREE = gettext_lazy("Make room there, or raise its quota.")
_REGION = gettext_lazy("Set the region of the storage to the bucket's.")

# By the code of the answer, or by its HTTP status where there is no body (HEAD).
_Row = tuple[type[StorageError], Any, Any]
_wrong_key: _Row = (errors.WrongKey, gettext_lazy("The bucket does not know this key."), _KEY)
_denied: _Row = (errors.AccessDenied, gettext_lazy("The bucket refuses this to the key."), _RIGHTS)
_no_bucket: _Row = (
    errors.NoBucket,
    gettext_lazy("There is no such bucket."),
    gettext_lazy("Make it, or correct its name, its region or its endpoint."),
)
_region: _Row = (errors.WrongRegion, gettext_lazy("The bucket is in another region."), _REGION)
_clock: _Row = (errors.ClockSkew, gettext_lazy("The clocks differ by too much."), _CLOCK)
_busy: _Row = (errors.Unreachable, gettext_lazy("The storage is busy or broken for now."), _LATER)
_full: _Row = (errors.DiskFull, gettext_lazy("The storage is full."), _FREE)
_missing: _Row = (errors.ObjectMissing, gettext_lazy("The object is not there any more."), "")
_exists: _Row = (
    errors.ObjectExists,
    gettext_lazy("There is already an object under this name."),
    "",
)
_changed: _Row = (
    errors.ChangedOnTheWay,
    gettext_lazy("What arrived there is not what was sent."),
    gettext_lazy("Something between here and the bucket changes bytes: a proxy, or bad memory."),
)
_unsupported: _Row = (
    errors.NotSupported,
    gettext_lazy("The storage does not know a part of S3 that is needed here."),
    gettext_lazy("See docs/storage.md for what an S3-compatible store has to support."),
)
_archived: _Row = (
    errors.Archived,
    pgettext_lazy("storage", "The object is in an archive class and cannot be read at once."),
    gettext_lazy("Bring it back there first, and end the rule that moved it."),
)
_too_large: _Row = (
    errors.TooLarge,
    gettext_lazy("The object is larger than the storage takes."),
    "",
)
_lock: _Row = (
    errors.NotLockable,
    gettext_lazy("The bucket has no Object Lock."),
    gettext_lazy("Object Lock is switched on when a bucket is made; or set the days to 0."),
)

KNOWN: dict[str, _Row] = {
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch"), _wrong_key),
    **dict.fromkeys(("InvalidToken", "ExpiredToken", "AuthFailure"), _wrong_key),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"), _denied),
    "NoSuchBucket": _no_bucket,
    **dict.fromkeys(("PermanentRedirect", "TemporaryRedirect", "301", "307"), _region),
    **dict.fromkeys(("AuthorizationHeaderMalformed", "IllegalLocationConstraint"), _region),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), _clock),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError", "Busy"), _busy),
    **dict.fromkeys(("RequestTimeout", "OperationAborted", "Throttling"), _busy),
    **dict.fromkeys(("429", "500", "502", "503", "504"), _busy),
    **dict.fromkeys(
        ("QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"), _full
    ),
    **dict.fromkeys(("InsufficientStorage", "InsufficientCapacity", "507"), _full),
    **dict.fromkeys(("NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"), _missing),
    **dict.fromkeys(("PreconditionFailed", "ConditionalRequestConflict", "412"), _exists),
    **dict.fromkeys(("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"), _changed),
    **dict.fromkeys(("NotImplemented", "MethodNotAllowed", "501", "405"), _unsupported),
    "InvalidObjectState": _archived,
    "EntityTooLarge": _too_large,
    "ObjectLockConfigurationNotFoundError": _lock,
    # Amazon's name for "this needs Object Lock".
    "InvalidBucketState": _lock,
}


@contextmanager
def named_errors(place: Place) -> Iterator[None]:
    """Everything that the library raises, as a StorageError."""
    try:
        yield
    except botocore_errors.ClientError as error:
        raise _answered(error, place) from error
    except _TLS as error:
        raise _tls(error, place) from error
    except _CUT as error:
        raise _away(error, place) from error
    except (botocore_errors.BotoCoreError, ValueError) as error:
        said = _("The storage cannot be spoken to: %(said)s")
        raise StorageError(said % {"said": _words(error, place)}) from error


_TLS = (botocore_errors.SSLError,)
_CUT = (
    botocore_errors.HTTPClientError,
    botocore_errors.ConnectionError,
    botocore_errors.IncompleteReadError,
    http_errors.HTTPError,
    OSError,
)


def code_of(error: BaseException | None) -> str:
    """What the other side called it, for a StorageError of ours or an error of the library."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    if isinstance(cause, botocore_errors.ClientError):
        return str(cause.response.get("Error", {}).get("Code", ""))
    return ""


def not_lockable() -> StorageError:
    return _made(_lock)


def no_bucket() -> StorageError:
    return _made(_no_bucket)


def _made(row: _Row) -> StorageError:
    kind, said, cure = row
    return kind(str(said), cure=str(cure))


def _answered(error: botocore_errors.ClientError, place: Place) -> StorageError:
    answer: Any = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    status = str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    row = KNOWN.get(code) or KNOWN.get(status)
    if row is None:
        said = _("The storage answered: %(said)s")
        message = answer.get("Error", {}).get("Message") or ""
        return StorageError(said % {"said": _clean(f"{code} {message}", place)})
    kind, message, cure = row
    said = str(message)
    if kind is errors.WrongRegion and (region := _region_in(answer)):
        said = _("The bucket is in the region %(region)s.") % {"region": region}
    return kind(said, cure=str(cure))


def _region_in(answer: Any) -> str:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    found = headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region") or ""
    return found if re.fullmatch(r"[a-z0-9-]{1,40}", found) else ""


def _tls(error: Exception, place: Place) -> StorageError:
    said = _("The encrypted connection fails: %(said)s") % {"said": _words(error, place)}
    cure = _("Give the certificate of the authority that signed the endpoint's, or mend that one.")
    return errors.TlsFailed(said, cure=cure)


def _away(error: BaseException, place: Place) -> StorageError:
    where = place.endpoint or f"s3.{place.region or 'us-east-1'}.amazonaws.com"
    said = _("%(where)s does not answer, or the connection broke: %(said)s")
    cure = _("Check the endpoint's address and port, and the way there.")
    words = {"where": where, "said": _words(error, place)}
    return errors.Unreachable(said % words, cure=cure)


def _words(error: BaseException, place: Place) -> str:
    return _clean(str(error), place)


def _clean(text: str, place: Place) -> str:
    plain = " ".join(text.split())
    return redact(plain, secrets=[place.secret_key])[:LONGEST_SAID].strip()
