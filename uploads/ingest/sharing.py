"""Pages of other sites at the data plane: by the API's own rule (django-cors-headers).

That middleware is asked itself, with a request that has the headers and no body.
"""

from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse

from uploads.ingest.answers import Send
from uploads.ingest.asking import Asked

_ASKED = ("origin", "access-control-request-method", "access-control-request-private-network")
_rule = CorsMiddleware(lambda _request: HttpResponse())


def is_preflight(asked: Asked) -> bool:
    """Whether a browser asks before it sends; what tus clients ask by OPTIONS is another thing."""
    return _rule.check_preflight(_request(asked)) is not None


def shared(asked: Asked, send: Send) -> Send:
    """`send`, whose answers say which site's pages may read them."""
    answer = HttpResponse()
    del answer["Content-Type"]
    _rule.add_response_headers(_request(asked), answer)
    more = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.items()]

    async def said(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return said


def _request(asked: Asked) -> HttpRequest:
    request = HttpRequest()
    request.method = asked.method
    request.path = request.path_info = asked.path
    for name in _ASKED:
        if value := asked.header(name):
            request.META["HTTP_" + name.upper().replace("-", "_")] = value
    return request
