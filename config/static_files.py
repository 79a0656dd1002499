"""Static files, answered before Django: a request for a page or a call passes no file server.

As middleware it was the only asynchronous one between synchronous ones, and cost every request
two more changes of thread.
"""

from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from servestatic import ServeStaticASGI

# The seconds for which a browser does not ask again.
MAX_AGE = 60


def with_static_files(application: Any) -> ServeStaticASGI:
    """The ASGI application, and before it the files of all apps under STATIC_URL."""
    serving = ServeStaticASGI(
        application,
        autorefresh=settings.DEBUG,
        max_age=MAX_AGE,
        add_headers_function=_protect,
    )
    # Of two files with one name Django takes the first, this server the last.
    for folder in reversed(_folders()):
        serving.add_files(folder, prefix=settings.STATIC_URL)
    return serving


def _folders() -> list[str]:
    return [
        str(storage.location)
        for finder in finders.get_finders()
        for storage in finder.storages.values()  # type: ignore[attr-defined]  # both of Django's have them
    ]


def _protect(headers: Headers, _path: str, _url: str) -> None:
    """What Django's SecurityMiddleware says of everything else."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = str(settings.SECURE_REFERRER_POLICY)
    headers["Cross-Origin-Opener-Policy"] = str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
