"""The address of the request being answered, for audit and log; None outside of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from access.memberships import remembered

_address: ContextVar[str | None] = ContextVar("address", default=None)


def current_address() -> str | None:
    return _address.get()


@contextmanager
def address_of_request(address: str | None) -> Iterator[None]:
    """Its peer's address, while a request is answered that does not pass the middleware."""
    mark = _address.set(address)
    try:
        yield
    finally:
        _address.reset(mark)


class AddressMiddleware:
    """Remembers the peer's address for the length of the request.

    Only the socket's own peer: a forwarded header is a claim. Behind a proxy, uvicorn
    replaces the peer for the proxies it is told to trust.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with address_of_request(request.META.get("REMOTE_ADDR") or None), remembered():
            return self.get_response(request)


class LogMiddleware(RequestMiddleware):
    """A line for each request, with that same address: what a header claims is not looked at."""

    @classmethod
    def bind_ip(cls, _request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=current_address())
