"""The product's own styles, scripts and pictures, answered before Django is asked.

As a middleware it would be the one asynchronous link in a synchronous chain, for which each
request pays a thread and three hand-overs.
"""

from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI


def with_statics(application: Any) -> Any:
    """The ASGI application behind one that knows every file of the finders."""
    served = ServeStaticASGI(
        application,
        autorefresh=settings.DEBUG,
        max_age=0 if settings.DEBUG else 60,
        allow_all_origins=False,
        add_headers_function=_guard,
    )
    places = {
        str(storage.location): storage
        for finder in get_finders()
        for _, storage in finder.list(None)
    }
    # The first finder's file wins, as with the finders themselves.
    for location, storage in reversed(places.items()):
        served.add_files(
            location, prefix=settings.STATIC_URL + (getattr(storage, "prefix", "") or "")
        )
    return served


def _guard(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
