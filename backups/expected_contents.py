"""What was deposited is read as a file from elsewhere is: to its end, before it counts.

An archive or a script of pg_dump is read whole; of a tar its table of contents and all its
bytes. What is none of these, or encrypted to other keys, nobody here can judge.
"""

from pathlib import Path

from django.utils.translation import gettext as _

from backups import keyring
from backups.engines import Engine, RestoreOptions, engines
from backups.errors import BackupError, Corrupt
from backups.file_errors import CutShort, Damaged, ExpandsTooMuch, Hostile, Unrecognized
from backups.pipeline import BLOCK_BYTES
from backups.unwrapping import unwrapped
from backups.validation import Hashed
from monitoring.expected.contents.asking import NotNow, Verdict
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object

# What is wrong with the bytes themselves; the rest is what we cannot do.
_BAD = (Corrupt, CutShort, Damaged, ExpandsTooMuch, Hostile)
# A tar would have to be unpacked to somewhere: it is read, and not unpacked.
_READ_WHOLE = ("custom", "plain")
_NOWHERE = Path("/nonexistent")


def read_content(stored: StoredObject) -> Verdict:
    """The first engine that knows it judges. Raises NotNow."""
    if stored.size == 0:
        return Verdict(False, _("There is nothing in it."))
    found = Verdict(None)
    for make in engines().values():
        try:
            return _judge(make(), stored)
        except Unrecognized as error:
            found = Verdict(None, str(error))
        except _BAD as error:
            return Verdict(False, str(error))
        except BackupError as error:
            return Verdict(None, str(error))
        except (StorageError, OSError) as error:
            # Away, full, or at another machine: of the bytes that says nothing.
            raise NotNow(str(error)) from error
    return found


def _judge(engine: Engine, stored: StoredObject) -> Verdict:
    with open_object(target=stored.target, key=stored.key) as file:
        source = Hashed(file, lambda _count: None)
        with unwrapped(source, identity=keyring.installation_identity) as opened:
            try:
                contents = engine.recognize(opened)
            except Unrecognized:
                # What is around it can be whole or not, whatever is in it.
                while opened.layers and opened.reader.read(BLOCK_BYTES):
                    pass
                raise
            if contents["format"] not in _READ_WHOLE:
                while opened.reader.read(BLOCK_BYTES):
                    pass
                return _compared(source, stored)
    with open_object(target=stored.target, key=stored.key) as file:
        source = Hashed(file, lambda _count: None)
        with unwrapped(source, identity=keyring.installation_identity) as opened:
            engine.read_whole(
                opened, folder=_NOWHERE, options=RestoreOptions(), on_wait=lambda: None
            )
            return _compared(source, stored)


def _compared(source: Hashed, stored: StoredObject) -> Verdict:
    source.drain()
    if source.digest.hexdigest() != stored.sha256:
        return Verdict(False, _("The stored bytes are not those that arrived."))
    return Verdict(True)
