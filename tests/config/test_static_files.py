"""Static files are answered before Django, and Django's chain stays in one thread."""

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import LazySettings
from django.utils.module_loading import import_string

from config.static_files import with_static_files


async def django(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def get(path: str) -> tuple[int, dict[str, str]]:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asked: Any = ApplicationCommunicator(with_static_files(django), scope)  # type: ignore[no-untyped-call]  # asgiref has none there
    await asked.send_input({"type": "http.request"})
    start = await asked.receive_output(5)
    headers = {key.decode(): value.decode() for key, value in start["headers"]}
    return start["status"], headers


@pytest.mark.parametrize("path", ["/static/kinds/backup.svg", "/static/admin/css/base.css"])
async def test_files_of_ours_and_of_an_app(path: str) -> None:
    status, headers = await get(path)
    assert status == 200
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "max-age=60, public"
    assert "strict-transport-security" not in headers


async def test_with_https_they_say_so_too(settings: LazySettings) -> None:
    settings.SECURE_HSTS_SECONDS = 100
    _status, headers = await get("/static/kinds/backup.svg")
    assert headers["strict-transport-security"] == "max-age=100"


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize(
    "path",
    ["/", "/static/", "/static/nothing.css", "/static/../manage.py", "/static/%2e%2e/manage.py"],
)
async def test_everything_else_is_djangos(
    settings: LazySettings, path: str, is_debug: bool
) -> None:
    settings.DEBUG = is_debug
    assert (await get(path))[0] == 418


def test_no_middleware_makes_a_request_change_its_thread(settings: LazySettings) -> None:
    """One that cannot be called synchronously costs every request two changes of thread."""
    for name in settings.MIDDLEWARE:
        assert getattr(import_string(name), "sync_capable", True), name
