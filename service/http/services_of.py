"""The services of the application that answers a request."""

from starlette.requests import HTTPConnection

from reperage.service.services import Services


def services_of(request: HTTPConnection) -> Services:
    """Services that run in this process, built once by whoever made the application."""
    services: Services = request.app.state.services
    return services
