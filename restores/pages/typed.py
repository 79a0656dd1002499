"""What was typed into a form, kept in the session while its person is asked who they are.

The form is shown again with it, and looked at again; nothing is done by itself, and the
target's name, the last word, is typed then. Never a password, never a file.
"""

import time
from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from access.reauthentication import MINUTES, confirm_address

SESSION_KEY = "typed"
AGAIN = "again"
# A session is read with every request.
MOST_LETTERS = 20_000


def keep_typed(request: HttpRequest, carried: Iterable[tuple[str, str]]) -> str:
    """The address of the confirm page, which leads back to the form as it is filled in.

    `carried` is what its fields hold (`TargetForm.carried`).
    """
    fields = dict(carried)
    if sum(map(len, fields.values())) > MOST_LETTERS:
        return confirm_address(request.path)
    at = int(time.time())
    request.session[SESSION_KEY] = {"path": request.path, "at": at, "fields": fields}
    return confirm_address(f"{request.path}?{urlencode({AGAIN: 1})}#answer")


def typed_before(request: HttpRequest) -> QueryDict | None:
    """What this page's form held before its person was asked; forgotten by any other visit."""
    kept = request.session.get(SESSION_KEY)
    if AGAIN not in request.GET:
        request.session.pop(SESSION_KEY, None)
        return None
    if not isinstance(kept, dict) or kept["path"] != request.path:
        return None
    if not 0 <= int(time.time()) - kept["at"] < MINUTES * 60:
        return None
    found = QueryDict(mutable=True)
    found.update(kept["fields"])
    return found
