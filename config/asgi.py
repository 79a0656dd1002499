"""The ASGI application: Django, the sockets beside it, and before it what takes uploads."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from config import loading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with loading.for_good():
    django = get_asgi_application()

    # These need Django's apps, which are ready only now.
    from config.static_files import with_static_files
    from monitoring.expected.bodies import with_short_pings
    from monitoring.live.lifespan import lifespan
    from monitoring.live.routes import websockets
    from monitoring.live.streaming import with_event_streams
    from restores.received.ingest import with_received_files
    from uploads.ingest.application import with_uploads

pages = with_short_pings(with_event_streams(django))
application = ProtocolTypeRouter(
    {
        "http": with_uploads(with_received_files(with_static_files(pages))),
        "websocket": websockets,
        "lifespan": lifespan,
    }
)
