"""Addresses that a platform names."""

from reperage.service.errors import StartError
from reperage.service.urls import normalised, web_address


def origin_of_address(address: str) -> str:
    """The origin that an address lies in, as browsers write it.

    Raises:
        ValueError: it is no address of the web.
    """
    parts = web_address(address)
    try:
        return normalised(f"{parts.scheme}://{parts.netloc}")
    except StartError as error:
        raise ValueError(str(error)) from error
