"""The installation's own address, as agents reach it."""

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def base_of(scheme: str, host: str) -> str:
    """HOLDFAST_PUBLIC_URL, else as the request came; a host that is not ours is not repeated."""
    if settings.ENVIRONMENT.public_url:
        return str(settings.ENVIRONMENT.public_url).rstrip("/")
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return ""
    return f"{scheme}://{host}"
