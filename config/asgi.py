"""The ASGI application: Django, and the sockets beside it; the upload data plane comes later."""

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

application = ProtocolTypeRouter(
    {
        "http": with_static_files(with_short_pings(django)),
        "websocket": websockets,
        "lifespan": lifespan,
    }
)
