"""The product's ASGI application as the tests' web servers run it: it looks again sooner.

Every few seconds it asks whether who listens still may, and each second a sender's request whether
a newer one has come; a test would wait for that.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.asgi import application
from monitoring.live import hub
from uploads.ingest import blocks, writing

__all__ = ["application"]

hub.RECHECK_SECONDS = 1.0
blocks.LOOK_SECONDS = writing.CHECKPOINT_SECONDS = 0.2
