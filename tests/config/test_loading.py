"""What a process loads. A runner is started for each backup: nothing that serves pages or calls."""

import gc
import json
import os
import subprocess
import sys

import pytest

from config import loading
from config.places import PROJECT

RUNNER = """
import json, sys
import django
from django.core.management import load_command_class
django.setup()
load_command_class("monitoring", "run_file")
print(json.dumps(sorted(sys.modules)))
"""
# Of storage elsewhere a runner loads what its own target needs, when it needs it.
FOREIGN = (
    "access.admin",
    "boto3",
    "botocore",
    "channels.routing",
    "config.urls",
    "drf_spectacular.generators",
    "redis",
    "rest_framework.views",
    "segno",
    "uvicorn",
)


@pytest.mark.exhaustive
def test_a_runner_loads_neither_the_api_nor_what_few_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    assert "monitoring.files.runner" in loaded
    assert sorted(loaded & set(FOREIGN)) == []


def test_the_garbage_collector_rests_only_while_loading() -> None:
    with loading.for_good():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_where_it_rested_already_it_goes_on_resting() -> None:
    gc.disable()
    try:
        with loading.for_good():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
