"""How often one may ask: a moving window for each person and each address, in the memory of this process."""

import ipaddress
from math import ceil
from time import time

from fastapi import Request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from service.errors import TooManyRequests

_SWEEP = 1000
"""After so many counts the names that are idle are forgotten; the library keeps them."""
_LONGEST_NAME = 64


class Rates:
    """Counts what sessions do; on the event loop alone."""

    def __init__(self, per_session: str, per_address: str) -> None:
        """Each in the notation of the library `limits`, such as `20/minute` or `20/minute;500/day`."""
        self._per_session, self._per_address = parsed(per_session), parsed(per_address)
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._counted = 0

    def session(self, address: str) -> None:
        """Count a session that begins.

        Raises:
            TooManyRequests: this address has had its share; then nothing is counted.
        """
        self._count([(item, f"address:{address}") for item in self._per_address])

    def question(self, person: str, address: str) -> dict[str, str]:
        """Count a question; the headers that tell what is left for the person.

        Raises:
            TooManyRequests: the person or the address has had its share; then nothing is counted.
        """
        own = [(item, f"person:{person}") for item in self._per_session]
        self._count([*own, *((item, f"address:{address}") for item in self._per_address)])
        return self._left(own)

    def _count(self, counted: list[tuple[RateLimitItem, str]]) -> None:
        waits = [
            self._limiter.get_window_stats(item, name).reset_time - time()
            for item, name in counted
            if not self._limiter.test(item, name)
        ]
        if waits:
            raise TooManyRequests(max(1, ceil(max(waits))))
        for item, name in counted:
            self._limiter.hit(item, name)
        self._counted += 1
        if self._counted % _SWEEP == 0:
            for name in [name for name, events in self._storage.events.items() if not events]:
                self._storage.clear(name)

    def _left(self, own: list[tuple[RateLimitItem, str]]) -> dict[str, str]:
        policies, left = [], []
        for i, (item, name) in enumerate(own):
            stats = self._limiter.get_window_stats(item, name)
            policies.append(f'"session{i or ""}";q={item.amount};w={item.get_expiry()}')
            left.append(f'"session{i or ""}";r={stats.remaining};t={max(0, ceil(stats.reset_time - time()))}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}


def parsed(text: str) -> list[RateLimitItem]:
    """The limits that a setting names; raises `ValueError` where it names none."""
    items = parse_many(text)
    if any(item.amount < 1 or item.get_expiry() < 1 for item in items):
        raise ValueError("a limit is at least 1")
    return items


def client_address(request: Request) -> str:
    """What an address is counted as: of IPv6 the network of 64 bits, which is one customer's."""
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
