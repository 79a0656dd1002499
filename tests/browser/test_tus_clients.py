"""tus-js-client and Uppy in a real browser, as their makers ship them, over a bad line.

A page with nothing of ours in it, of the same origin or of another site.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.agent.chaos import ChaosProxy, Fault
from tests.cast import agent
from tests.config.waiting import wait_for
from tests.javascript.fetched import NotFetched, script_of
from tests.uploads.clients.conftest import (
    WRONG_TOKEN,
    body,
    file,
    proxy,
    require_ended,
    require_stored,
)
from tests.uploads.conftest import clean_staging, clip, sender
from tests.uploads.sending import Sender
from tests.web import OTHER_SITE
from uploads.models import UploadSession

__all__ = ["agent", "body", "clean_staging", "clip", "file", "proxy", "sender"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
    pytest.mark.exhaustive,
]

PIECE = 100_000
ON_PAGE = """
window.begin = ({ library, endpoint, token, ...options }) => {
  const headers = { Authorization: `Bearer ${token}` };
  const all = { endpoint, headers, retryDelays: [0, 20, 40, 80, 160], ...options };
  window.ended = null;
  window.sent = 0;
  return window[library](document.querySelector("input").files[0], all);
};

window.tusJsClient = async (file, options) => {
  window.upload = new tus.Upload(file, {
    ...options,
    metadata: { filename: file.name, filetype: file.type, session_id: "rdp_7" },
    onProgress: (sent) => { window.sent = sent; },
    onSuccess: () => { window.ended = "completed"; },
    onError: (error) => { window.ended = `failed: ${error.message}`; },
  });
  const before = await window.upload.findPreviousUploads();
  if (before.length) window.upload.resumeFromPreviousUpload(before[0]);
  window.upload.start();
  return before.length;
};

window.uppy = async (file, options) => {
  window.upload = new Uppy.Uppy({ meta: { session_id: "rdp_7" } }).use(Uppy.Tus, options);
  window.upload.on("upload-progress", (_file, progress) => {
    window.sent = progress.bytesUploaded;
  });
  window.upload.addFile({ name: file.name, type: file.type, data: file });
  window.upload.upload().then((result) => {
    const failed = result?.failed?.[0]?.error;
    window.ended = failed ? `failed: ${failed.message ?? failed}` : "completed";
  });
};
"""
LIBRARIES = {"tusJsClient": "tus-js-client", "uppy": "uppy"}
CUTS = [Fault("cut", after=250_000), Fault("reset", after=150_000), Fault("answer", after=50_000)]


class Client:
    """A page with one of the libraries, and the file chosen."""

    def __init__(self, page: Page, library: str, proxy: ChaosProxy, token: str, file: Path) -> None:
        self.page, self.library, self.proxy = page, library, proxy
        self.token, self.file = token, file
        self.offsets: list[int] = []
        page.on("request", self._hear)
        page.route("**/nothing-of-ours", self._answer)
        self.load()

    def _hear(self, request: Any) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))

    @staticmethod
    def _answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<!doctype html><input type=file>")

    def load(self, *, site: str = "") -> None:
        self.page.goto(f"{site or self.proxy.url}/nothing-of-ours")
        try:
            self.page.add_script_tag(content=script_of(LIBRARIES[self.library]))
        except NotFetched as error:
            pytest.fail(str(error))
        self.page.add_script_tag(content=ON_PAGE)
        self.page.set_input_files("input", self.file)

    def begin(self, **options: Any) -> Any:
        given = {
            "library": self.library,
            "endpoint": f"{self.proxy.url}/api/uploads/tus/",
            "token": self.token,
            "chunkSize": PIECE,
            **options,
        }
        return self.page.evaluate("(given) => begin(given)", given)

    def sent(self, least: int) -> None:
        self.page.wait_for_function("(least) => window.sent >= least", arg=least)

    def ended(self) -> str:
        self.page.wait_for_function("() => window.ended")
        return str(self.page.evaluate("window.ended"))


@pytest.fixture(params=LIBRARIES)
def client(
    request: Any, browser: Browser, proxy: ChaosProxy, sender: Sender, file: Path
) -> Iterator[Client]:
    context = browser.new_context()
    yield Client(context.new_page(), request.param, proxy, sender.token, file)
    context.close()


def test_over_a_bad_line(client: Client, body: bytes) -> None:
    client.proxy.befall(*CUTS)
    client.begin()
    assert client.ended() == "completed"
    assert set(client.proxy.met) <= {"cut", "reset", "answer"}
    assert "cut" in client.proxy.met
    require_stored(UploadSession.objects.get(client_id="rdp_7"), body)


def test_on_after_the_page_was_loaded_anew(client: Client, body: bytes) -> None:
    # The line stands still behind the first pieces, until the page is gone.
    client.proxy.befall(Fault("stall", after=3 * PIECE))
    client.begin()
    # What the browser counts as sent may still be on its way to the line.
    wait_for(lambda: client.proxy.met == ["stall"], seconds=40, what="the line stands still")
    client.sent(2 * PIECE)
    client.offsets.clear()
    client.load()
    client.begin()
    assert client.ended() == "completed"
    assert min(client.offsets) >= 2 * PIECE
    require_stored(UploadSession.objects.get(client_id="rdp_7"), body)


def test_with_the_first_bytes_at_once(client: Client, body: bytes) -> None:
    client.begin(uploadDataDuringCreation=True)
    assert client.ended() == "completed"
    assert min(client.offsets) == PIECE
    require_stored(UploadSession.objects.get(client_id="rdp_7"), body)


def test_from_a_page_of_another_site(client: Client, body: bytes) -> None:
    """One that is named may; for another one the browser keeps the answer to itself."""
    client.load(site="https://evil.example.net")
    client.begin(retryDelays=[])
    assert client.ended().startswith("failed")
    client.load(site=OTHER_SITE)
    client.begin()
    assert client.ended() == "completed"
    require_stored(UploadSession.objects.get(client_id="rdp_7"), body)


def test_a_wrong_token(client: Client) -> None:
    client.token = WRONG_TOKEN
    client.begin()
    assert "response code: 401" in client.ended()
    assert not UploadSession.objects.exists()


def test_an_end_before_it_is_whole(client: Client) -> None:
    client.proxy.befall(Fault("stall", after=3 * PIECE))
    client.begin()
    client.sent(2 * PIECE)
    stop = {"tusJsClient": "upload.abort(true)", "uppy": "upload.cancelAll()"}
    client.page.evaluate(stop[client.library])
    session = UploadSession.objects.get(client_id="rdp_7")

    def is_over() -> bool:
        session.refresh_from_db()
        return not session.is_receiving

    wait_for(is_over, seconds=20, what="the session to be ended")
    require_ended(session)
