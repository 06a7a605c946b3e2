"""Where addresses of the web lead: to this very machine, to a network of one's own, or anywhere."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host names this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def web_address(text: str) -> SplitResult:
    """The parts of an absolute address of the web, which every library reads alike.

    Raises:
        ValueError: it is none, or holds a user's name, white space or a backslash; says which.
    """
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("an address holds printable ASCII alone, without spaces and backslashes")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address begins with https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("an address holds no user's name and no password")
    if parts.port == 0:  # The property itself raises for what is no port.
        raise ValueError("a port is from 1 to 65535")
    return parts


def is_confidential(parts: SplitResult) -> bool:
    """Whether nobody on the way reads what is sent there: by HTTPS, or because it does not leave this machine."""
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_nearby(host: str) -> bool:
    """Whether a host is on a network of one's own, as far as its name tells."""
    try:
        address = ip_address(host)
    except ValueError:
        # What is a number alone is an address to those who connect: 134744072 is 8.8.8.8.
        return ("." not in host and not _NUMBER.fullmatch(host)) or host.endswith(_OWN_NAMES)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_private


_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


_OWN_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Endings that lead nowhere outside: RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps for them."""
