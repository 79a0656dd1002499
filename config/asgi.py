"""The ASGI application: Django, the sockets beside it, and before it what takes uploads."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_asgi_application()

# Its imports need Django's apps, which are ready only now.
from config.static_files import with_static_files  # noqa: E402
from monitoring.expected.bodies import with_short_pings  # noqa: E402
from monitoring.live.lifespan import lifespan  # noqa: E402
from monitoring.live.routes import websockets  # noqa: E402
from monitoring.live.streaming import with_event_streams  # noqa: E402
from restores.received.ingest import with_received_files  # noqa: E402
from uploads.ingest.application import with_uploads  # noqa: E402

pages = with_short_pings(with_event_streams(django))
application = ProtocolTypeRouter(
    {
        "http": with_uploads(with_received_files(with_static_files(pages))),
        "websocket": websockets,
        "lifespan": lifespan,
    }
)
