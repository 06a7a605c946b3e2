"""Addresses of the web: where they lead, and the origins that browsers know sites by, `scheme://host[:port]`."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

from reperage.service.errors import StartError


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


_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_LONGEST_HOST = 253


def normalized_origin(text: str) -> str:
    """The origin as browsers send it: in lower case, without the default port, international names in Punycode.

    Raises:
        StartError: it is no origin; says what one looks like.
    """
    origin = text.strip()
    try:
        # `urlsplit` would leave out line ends and tabs without a word.
        if not origin.isprintable() or any(c.isspace() for c in origin):
            raise ValueError("white space")
        address = urlsplit(origin)
        if address.scheme not in _DEFAULT_PORTS or "@" in address.netloc or "\\" in origin:
            raise ValueError("no scheme of the web, or a user")
        if address.path not in ("", "/") or "?" in origin or "#" in origin:
            raise ValueError("more than an origin")
        host, port = _host(address.hostname or "", "[" in address.netloc), address.port
        if port == 0:
            raise ValueError("no port")
    except ValueError as error:
        raise StartError(
            f"{text!r} is no origin; give scheme and host, and the port where it is not the usual one, such as "
            "https://cours.example or http://localhost:8080"
        ) from error
    return f"{address.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[address.scheme]) else f":{port}")


def origin_of_address(address: str) -> str:
    """The origin that an address lies in, as browsers write it.

    Raises:
        ValueError: it is no address of the web.
    """
    parts = web_address(address)
    try:
        return normalized_origin(f"{parts.scheme}://{parts.netloc}")
    except StartError as error:
        raise ValueError(str(error)) from error


def _host(name: str, is_bracketed: bool) -> str:
    """A host as it stands in an origin; raises `ValueError` where it is none."""
    if is_bracketed:
        if "%" in name:
            raise ValueError("a zone")
        return f"[{IPv6Address(name).compressed}]"
    # What is ASCII already may hold what IDNA forbids and DNS does not, such as `_`.
    host = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")  # Its errors are `ValueError`s.
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        raise ValueError("no host")
    if re.search(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", host):  # Browsers read such a host as an address of IPv4.
        return str(IPv4Address(host))
    return host
