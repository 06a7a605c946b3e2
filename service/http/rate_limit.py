"""Rate limit of a request, where questions are counted."""

import ipaddress

from fastapi import Request

from reperage.service.caller import Caller
from reperage.service.http.authentication import is_user, key_of, session_token
from reperage.service.http.services_of import services_of

_LONGEST_NAME = 64


async def count_question(request: Request, caller: Caller, count: int = 1) -> dict[str, str]:
    """Count what is asked with a key or a session token; the headers that tell what is left.

    Raises:
        TooManyAtOnce: there are more than one may ever ask at once.
        TooManyRequests: there is nothing left.
    """
    limiter = services_of(request).rate_limiter
    if api_key := key_of(request):
        return await limiter.count_key_questions(api_key.id, count, caller.person if is_user(request) else None)
    if session_token(request) is None:
        return {}
    return await limiter.count_questions(caller.person, client_address(request), count)


def client_address(request: Request) -> str:
    """Address that a client is counted as: of IPv6 the network of 64 bits, which is one customer's."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:_LONGEST_NAME]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)
