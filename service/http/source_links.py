"""The links to sources in what answers a request."""

from fastapi import Request

from reperage.service.access.document_grants import DocumentGrants
from reperage.service.errors import StateUnavailable
from reperage.service.http.authentication import is_open_here
from reperage.service.http.request_origin import own_address, own_origin
from reperage.service.http.services_of import services_of
from reperage.service.sources.links import SourceLinks


def source_links(request: Request, address: str | None = None) -> SourceLinks:
    """Links for whoever gets the response; where a course is not open to everybody, they open its documents for
    whoever has them. They begin with `address`, which is our own by default. The registry was refreshed before."""
    base_url = own_address(request) if address is None else address
    if is_open_here(request):
        return SourceLinks(base_url)
    services = services_of(request)
    try:
        public = services.registry.courses(own_origin(request)) or frozenset()
    except StateUnavailable:  # A right too many does no harm.
        public = frozenset()
    return SourceLinks(base_url, DocumentGrants(services.tokens.grant, public))
