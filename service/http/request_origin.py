"""Origin of a request: this very machine, a page of our own, or a page of another site."""

from urllib.parse import urlsplit

from fastapi import Request

from reperage.service.access.signed_tokens import OWN
from reperage.service.http.services_of import services_of
from reperage.service.urls import is_loopback

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of proxies: what comes through one is not from this machine."""


def is_local(request: Request) -> bool:
    """Whether a request comes from this very machine, through no proxy, and from no page of another site."""
    if request.client is None or not is_loopback(request.client.host):
        return False
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    if not is_loopback(name) or any(header in request.headers for header in _FORWARDED):
        return False
    return request.headers.get("origin") is None or is_own(request)


def own_origin(request: Request) -> str:
    """The origin of our own pages, as this request knows it."""
    settings = services_of(request).settings
    if settings.public_origin:
        return settings.public_origin
    origin = request.headers.get("origin")
    return origin if origin and is_own(request) else f"{request.scope['scheme']}://{_host(request)}"


def own_address(request: Request) -> str:
    """Beginning of every address of ours, without a slash at the end."""
    public = services_of(request).settings.public_url
    return str(public or request.base_url).rstrip("/")


def is_own(request: Request) -> bool:
    """Whether the request comes from a page of this service."""
    origin = request.headers.get("origin")
    if origin == "null":
        return False
    # Behind a proxy whose headers are not trusted the scheme is unknown here; the browser knows.
    if request.headers.get("sec-fetch-site") == "same-origin":
        return True
    if origin is None:
        return False
    settings = services_of(request).settings
    return origin in (f"{request.scope['scheme']}://{_host(request)}", settings.public_origin)


def origin_of(request: Request) -> str:
    """Origin that a session token of this request is bound to: `OWN`, which a request without an origin is as well,
    or the site."""
    origin = request.headers.get("origin")
    return OWN if origin is None or is_own(request) else origin


def _host(request: Request) -> str:
    return request.headers.get("host", "").lower().removesuffix(_DEFAULT_PORTS.get(request.scope["scheme"], ""))
