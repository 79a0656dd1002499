"""The API's description: every call is in it, with an example that fits; a client runs on it."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from access.models import User
from access.policy import System
from access.tokens import create_token
from backups.models import Backup, Database
from storage.models import StorageTarget
from tests.cast import Login
from tests.running import run_here
from uploads.ingest.routes import ROUTES

pytestmark = pytest.mark.django_db
METHODS = {"get", "post", "put", "patch", "delete"}
NO_CALLS = {"nowhere"}
Document = dict[str, Any]


@pytest.fixture
def document(login: Login, viewer: User) -> Document:
    answer = login(viewer).get("/api/schema")
    assert answer.status_code == 200
    found: Document = json.loads(answer.content)
    return found


def calls(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS | {"head"}
            yield path, method, operation


def routes() -> dict[str, set[str]]:
    """Each route of the API, as the description writes it, with its methods."""
    [api] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/"]
    found = {}
    assert isinstance(api, URLResolver)
    for entry in api.url_patterns:
        assert isinstance(entry, URLPattern)
        if entry.name in NO_CALLS:
            continue
        path = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", str(entry.pattern))
        view = entry.callback.cls  # type: ignore[attr-defined]  # of DRF's views
        methods = {name for name in METHODS if hasattr(view, name)}
        found["/api/" + path.removeprefix("^").removesuffix("/?$")] = methods
    return found


def test_every_route_is_described(document: Document) -> None:
    described = {path: set(methods) for path, methods in document["paths"].items()}
    beside = {route.pattern: {name.lower() for name in route.methods} for route in ROUTES}
    assert described == {**routes(), **beside}


def test_it_is_openapi_3_1(document: Document) -> None:
    assert document["openapi"] == "3.1.0"
    jsonschema.Draft202012Validator.check_schema(document["components"]["schemas"])
    for shape in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(shape)
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert refs <= set(document["components"]["schemas"])
    for path, _method, operation in calls(document):
        of_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert of_path == set(re.findall(r"{(\w+)}", path))


def test_operation_ids_are_unique(document: Document) -> None:
    ids = [operation["operationId"] for *_where, operation in calls(document)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", one) for one in ids)


@pytest.fixture
def fits(document: Document) -> Callable[[Any, Document], None]:
    registry: Any = Registry().with_resource(
        "urn:description", DRAFT202012.create_resource(document)
    )

    def check(value: Any, shape: Document) -> None:
        text = json.dumps(shape).replace('"#/', '"urn:description#/')
        validator = jsonschema.Draft202012Validator(
            json.loads(text),
            registry=registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        validator.validate(value)

    return check


def test_each_call_has_examples_that_fit(
    document: Document, fits: Callable[[Any, Document], None]
) -> None:
    for path, method, operation in calls(document):
        where = f"{method} {path}"
        good = {code: one for code, one in operation["responses"].items() if code < "300"}
        assert good, where
        assert {"401", "403", "429"} <= set(operation["responses"]), where
        for content in (body["content"] for body in good.values() if "content" in body):
            for media_type, described in content.items():
                if media_type == "application/json":
                    fits(described["example"], described["schema"])
        if "requestBody" in operation:
            for media_type, described in operation["requestBody"]["content"].items():
                if media_type == "application/json":
                    fits(described["example"], described["schema"])
        for code, body in operation["responses"].items():
            for described in body.get("content", {}).values():
                if code >= "400" and "example" in described:
                    fits(described["example"], described["schema"])
                    assert str(described["example"]["status"]) == code


class GeneratedClient:
    """A client made of the description alone: a method for each operation id."""

    def __init__(self, document: Document, fits: Any, token: str) -> None:
        self.calls = {one["operationId"]: (p, m, one) for p, m, one in calls(document)}
        self.fits = fits
        self.http = Client(headers={"Authorization": f"Bearer {token}"})

    def __call__(self, operation_id: str, body: Any = None, **values: str) -> Any:
        path, method, operation = self.calls[operation_id]
        query = {}
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", values[name])
            elif parameter["in"] == "query" and name in values:
                query[name] = values[name]
        more: Document = {"query_params": query}
        if body is not None:
            described = operation["requestBody"]["content"]["application/json"]
            self.fits(body, described["schema"])
            more |= {"data": body, "content_type": "application/json"}
        answer = getattr(self.http, method)(path, **more)
        described = operation["responses"][str(answer.status_code)]
        content = described.get("content")
        if content is None:
            assert answer.content == b""
            return None
        if answer.streaming:
            assert answer["Content-Type"] in content
            return b"".join(answer)
        found = answer.json()
        self.fits(found, content[answer["Content-Type"]]["schema"])
        return found


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
def test_a_generated_client_goes_the_whole_way(
    document: Document,
    fits: Any,
    database: Database,
    storage_target: StorageTarget,
    admin: User,
    tmp_path: Any,
) -> None:
    call = GeneratedClient(document, fits, create_token(user=admin, name="x", actor=System("cli")))
    assert call("listDatabases")["results"][0]["name"] == "orders"
    attic = call("createStorage", {"name": "attic", "folder": str(tmp_path / "attic")})
    assert call("testStorage", target_id=attic["id"]) == {"ok": True}
    assert call("testDatabase", database_id=str(database.pk))["ok"]
    made = []
    for label in ("one", "two"):
        body = {
            "database": "orders",
            "storage": "attic",
            "label": label,
            "tables": ["access_company"],
        }
        backup = call("createBackup", body)
        assert call("readBackupStatus", backup_id=backup["id"])["status"] == "pending"
        run_here(backup_id=uuid.UUID(backup["id"]))
        made.append(backup["id"])
    one, two = made
    assert call("listBackups", limit="1")["next"]
    assert call("readBackup", backup_id=one)["validation"]["status"] == "good"
    assert call("changeBackup", {"pinned": True}, backup_id=one)["pinned"]
    assert call("downloadBackup", backup_id=one).startswith(b"age-encryption")
    assert call("downloadBackup", backup_id=one, form="opened").startswith(b"PGDMP")
    assert call("deleteBackup", backup_id=one)["code"] == "pinned"
    assert call("deleteBackup", backup_id=two, force="true")["code"] == "protected"
    assert call("validateBackup", {"level": "checksum"}, backup_id=two)["status"] == "pending"
    assert call("readValidation", backup_id=two)["check"]["level"] == "checksum"
    call("cancelBackup", backup_id=two)
    assert call("deleteBackup", backup_id=one, force="true") is None
    assert call("readBackup", backup_id=one)["code"] == "not_found"
    nightly = {"name": "nightly", "database": "orders", "cron": "0 3 * * *", "storages": ["attic"]}
    schedule = call("createSchedule", nightly)
    assert call("testSchedule", schedule_id=schedule["id"])["ok"]
    assert call("deleteStorage", target_id=attic["id"])["code"] == "in_use"
    files = call("listFiles")
    assert call("readFile", file_id=files["recentlyCompleted"][0]["fileId"])["logs"]
    call("deleteSchedule", schedule_id=schedule["id"])
    call("deleteDatabase", database_id=str(database.pk), confirm="orders")
    assert not Backup.objects.exists()
    call("deleteStorage", target_id=attic["id"])


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_the_pages_are_for_who_is_logged_in(path: str, login: Login, agent: User) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login?next={path}")
    answer = login(agent).get(path)
    assert answer.status_code == 200
    # A nonce is base64: at times it holds two slashes.
    text = re.sub(r'nonce="[^"]*"', "", answer.content.decode())
    assert "//" not in text.replace("</", "")
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)


def test_a_token_reads_the_description(viewer: User) -> None:
    token = create_token(user=viewer, name="x", actor=System("cli"))
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/schema/")
    assert answer["Content-Type"] == "application/json"
    assert Client().get("/api/schema").status_code == 401
