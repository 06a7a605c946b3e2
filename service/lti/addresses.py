"""Addresses that a platform names."""

from reperage.service.addresses import web_address
from reperage.service.errors import StartError
from reperage.service.origins import normalised


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
