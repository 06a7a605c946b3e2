"""Learning platforms, as an administrator makes them known, or invites them to make themselves known."""

import secrets
from collections.abc import Iterable

from reperage.service.access.secret_digest import secret_digest
from reperage.service.clock import now
from reperage.service.database.lti import Invitation, Platform
from reperage.service.errors import StartError
from reperage.service.urls import is_confidential, normalized_origin, origin_of_address, web_address

_DAY_MS = 86_400_000


def new_platform(
    issuer: str,
    client_id: str,
    auth_url: str,
    key_set_url: str,
    *,
    token_url: str | None = None,
    deployments: frozenset[str] = frozenset(),
    frame_origins: tuple[str, ...] = (),
    courses: frozenset[str] = frozenset(),
    name: str = "",
) -> Platform:
    """A platform; its pages are shown where its issuer and its login are, beside `frame_origins`.

    Raises:
        StartError: an address is none, or can be read on the way.
    """
    for what, address in (("auth", auth_url), ("jwks", key_set_url), ("token", token_url)):
        try:
            if address is not None and not is_confidential(web_address(address)):
                raise ValueError("an address begins with https://; http:// is for this very machine")
        except ValueError as error:
            raise StartError(f"the {what} address {address!r} cannot be used: {error}") from error
    for what, value, longest in (("issuer", issuer, 500), ("client ID", client_id, 255)):
        if not 0 < len(value) <= longest or not value.isprintable():
            raise StartError(f"the {what} {value[:50]!r} cannot be used: it takes a line of 1 to {longest} characters")
    if not all(0 < len(value) <= 255 and value.isprintable() for value in deployments):
        raise StartError("a deployment ID is a line of 1 to 255 characters")
    origins = dict.fromkeys([*map(normalized_origin, frame_origins), *web_origins(issuer), *web_origins(auth_url)])
    return Platform(
        secrets.token_hex(5),
        issuer,
        client_id,
        "".join(c for c in name or host_of(issuer) if c.isprintable())[:200],
        auth_url,
        key_set_url,
        token_url,
        deployments,
        tuple(origins),
        courses,
        now(),
    )


def new_invitation(
    name: str, courses: Iterable[str], frame_origins: Iterable[str], days: int
) -> tuple[Invitation, str]:
    """An invitation for a platform to register itself within so many days, and its secret, which is nowhere else.

    Raises:
        StartError: an origin is none.
    """
    secret, origins = secrets.token_urlsafe(32), tuple(map(normalized_origin, frame_origins))
    return Invitation(secret_digest(secret), name, frozenset(courses), origins, now() + days * _DAY_MS), secret


def host_of(issuer: str) -> str:
    """The host of an issuer; the issuer itself, where it is no address of the web."""
    try:
        return web_address(issuer).hostname or issuer
    except ValueError:
        return issuer


def web_origins(address: str) -> list[str]:
    """The origin of an address, where it has one: an issuer need not be one of the web."""
    try:
        return [origin_of_address(address)]
    except ValueError:
        return []
