"""Origins: what a browser calls the site that a page belongs to, `scheme://host[:port]`."""

import ipaddress
import re
from urllib.parse import urlsplit

import idna

from reperage.service.errors import StartError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_LONGEST_HOST = 253


def normalised(text: str) -> str:
    """The origin as browsers send it: in lower case, without the default port, international names in Punycode.

    Raises:
        StartError: it is no origin; says what one looks like.
    """
    stripped = text.strip()
    try:
        # `urlsplit` would leave out line ends and tabs without a word.
        if not stripped.isprintable() or any(c.isspace() for c in stripped):
            raise ValueError("white space")
        address = urlsplit(stripped)
        if address.scheme not in _DEFAULT_PORTS or "@" in address.netloc or "\\" in stripped:
            raise ValueError("no scheme of the web, or a user")
        if address.path not in ("", "/") or "?" in stripped or "#" in stripped:
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


def _host(name: str, is_bracketed: bool) -> str:
    """A host as it stands in an origin; raises `ValueError` where it is none."""
    if is_bracketed:
        if "%" in name:
            raise ValueError("a zone")
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    # What is ASCII already may hold what IDNA forbids and DNS does not, such as `_`.
    host = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")  # Its errors are `ValueError`s.
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        raise ValueError("no host")
    if re.search(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", host):  # Browsers read such a host as an address of IPv4.
        return str(ipaddress.IPv4Address(host))
    return host
