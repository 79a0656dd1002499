"""Own files are answered before Django, and nothing else is."""

from typing import Any

from asgiref.testing import ApplicationCommunicator

from config.statics import with_statics


async def behind(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ask(path: str) -> tuple[int, dict[bytes, bytes]]:
    talk = ApplicationCommunicator(
        with_statics(behind),
        {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""},
    )
    await talk.send_input({"type": "http.request"})
    start = await talk.receive_output(5)
    body = await talk.receive_output(5)
    while body.get("more_body"):
        body = await talk.receive_output(5)
    return start["status"], {name.lower(): value for name, value in start["headers"]}


async def test_a_file_of_ours_never_reaches_django() -> None:
    status, headers = await ask("/static/app.css")
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/css")
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"access-control-allow-origin" not in headers


async def test_an_apps_own_files_are_there_too() -> None:
    assert (await ask("/static/unfold/css/styles.css"))[0] == 200


async def test_everything_else_goes_on() -> None:
    for path in ("/", "/static/", "/static/../config/settings.py", "/static/none.css", "/app.css"):
        assert (await ask(path))[0] == 418, path
