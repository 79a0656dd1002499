"""The examples for others, written against the documented messages alone: they run as they are."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.models import User
from backups.models import Database
from config.places import PROJECT
from monitoring.files.models import FileFacts, TrackedFile
from tests.browser.conftest import Visitor
from tests.cast import make_running
from tests.choice import first_of
from tests.monitoring.live.conftest import token_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
EXAMPLES = PROJECT / "docs" / "examples"
HERE = Path(__file__).parent

PAGE = """<!doctype html><main id="root"></main><script type="module">
import { makeDownloadProgress } from "./DownloadProgress.js";
import { makeReact } from "./small_react.js";
const { React, render } = makeReact();
const onEnd = (download) => { document.title = download.status; };
render(makeDownloadProgress(React), { downloadId: location.hash.slice(1), onEnd },
       document.getElementById("root"));
</script>"""


def serve(page: Page, name: str, body: str, kind: str) -> None:
    """As a file of the same host, which is where such a page would stand."""
    page.route(f"**/examples/{name}", lambda route: route.fulfill(body=body, content_type=kind))


@pytest.fixture
def running(database: Database) -> TrackedFile:
    file = make_running(database).file
    assert file is not None
    FileFacts.objects.create(file=file, duration=754)
    return file


@pytest.mark.parametrize("way", first_of("socket", "stream"))
def test_the_dashboard_in_one_file(
    visit: Any, viewer: User, running: TrackedFile, way: str
) -> None:
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    text = (EXAMPLES / "dashboard.html").read_text()
    serve(visitor.page, "dashboard.html", text, "text/html")
    if way == "stream":
        visitor.page.add_init_script(
            "window.WebSocket = class { constructor() {"
            " setTimeout(() => this.onclose({ code: 1006 }), 0); } }"
        )
    page = visitor.open("/examples/dashboard.html")
    row = page.locator("article")
    expect(row).to_contain_text("orders 43.4 %, 12 min")
    expect(row.locator("img")).to_have_js_property("complete", True)
    assert row.locator("img").evaluate("image => image.naturalWidth") > 0
    expect(page.locator("#queue")).to_have_text("0 wait, 1 run, 0 failed")
    TrackedFile.objects.filter(pk=running.pk).update(progress=77.77)
    expect(row).to_contain_text("orders 77.8 %")
    TrackedFile.objects.filter(pk=running.pk).update(status="completed")
    expect(row).to_have_count(0)


@pytest.mark.exhaustive
def test_the_react_component(visit: Any, viewer: User, running: TrackedFile) -> None:
    visitor: Visitor = visit()
    visitor.let_in(viewer)
    page = visitor.page
    serve(page, "page.html", PAGE, "text/html")
    module = (EXAMPLES / "DownloadProgress.js").read_text()
    serve(page, "DownloadProgress.js", module, "text/javascript")
    serve(page, "small_react.js", (HERE / "small_react.js").read_text(), "text/javascript")
    visitor.open(f"/examples/page.html#{running.pk}")
    expect(page.locator("article.downloading")).to_contain_text("orders43.4 %")
    TrackedFile.objects.filter(pk=running.pk).update(progress=80)
    expect(page.locator("progress")).to_have_js_property("value", 80)
    TrackedFile.objects.filter(pk=running.pk).update(status="failed", error="The disk is full.")
    expect(page.locator("article.failed")).to_contain_text("The disk is full.")
    expect(page).to_have_title("failed")


def test_the_programs(web_server: Any, viewer: User, running: TrackedFile) -> None:
    TrackedFile.objects.filter(pk=running.pk).update(status="completed", progress=100)
    environment = {**os.environ, "HOLDFAST_TOKEN": token_of(viewer)}
    for program, wanted in (
        ([sys.executable, str(EXAMPLES / "follow.py")], "100.0 %  completed  orders"),
        (["sh", str(EXAMPLES / "follow.sh")], '"type":"download_completed"'),
    ):
        done = subprocess.run(
            [*program, web_server.url, str(running.pk)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert wanted in done.stdout


@pytest.mark.exhaustive
def test_a_program_that_is_refused_says_why_and_ends(web_server: Any, running: TrackedFile) -> None:
    for program, wanted in (
        ([sys.executable, str(EXAMPLES / "follow.py")], "not_authenticated"),
        (["sh", str(EXAMPLES / "follow.sh")], '"code": "not_authenticated"'),
    ):
        done = subprocess.run(
            [*program, web_server.url, str(running.pk)],
            env={**os.environ, "HOLDFAST_TOKEN": "hf_wrong"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert wanted in done.stderr
