"""What a platform demands of the message with which a tool returns the content that a teacher picked."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from tests.service.lti import names
from tests.service.lti.messages import Launch
from tests.service.lti.names import full
from tests.service.lti.school import Link

_LONGEST_LIFE = 3600
_CONTENT = {"type", "url", "title", "text", "icon", "thumbnail", "window", "iframe", "custom", "lineItem"} | {
    "available",
    "submission",
}


class Refused(Exception):
    """The message is not as it should be."""


async def picked(token: str, launch: Launch, issuer: str, nonces: set[str]) -> list[Link]:
    """The links that the tool returns for `launch`, none where the teacher changed their mind. Raises `Refused`."""
    claims = await _verified(token, launch, issuer)
    for name, wanted in (
        ("message_type", names.DEEP_LINKING_RESPONSE),
        ("version", names.VERSION),
        ("deployment_id", launch.tool.deployment_id),
        ("data", launch.data),
    ):
        _demand(claims.get(full(name)) == wanted, f"{name} is {claims.get(full(name))!r}, not {wanted!r}")
    _demand(bool(claims.get("nonce")) and claims["nonce"] not in nonces, "the nonce is missing, or was used before")
    nonces.add(claims["nonce"])
    items = claims.get(full("content_items"), [])
    _demand(isinstance(items, list), "content_items is no list")
    _demand(len(items) <= 1, "there are several items where one is taken")
    return [_link(item, launch, number) for number, item in enumerate(items)]


async def _verified(token: str, launch: Launch, issuer: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        answered = await client.get(launch.tool.jwks_uri)
    _demand(answered.status_code == 200, f"the tool's keys: {answered.status_code}")
    keys = answered.json()["keys"]
    _demand(not any({"d", "p", "q"} & key.keys() for key in keys), "the tool publishes private keys")
    try:
        header = jwt.get_unverified_header(token)
        key = next((key for key in keys if key.get("kid") == header.get("kid")), None)
        _demand(key is not None, f"kid is {header.get('kid')!r}, which is none of the tool's")
        claims = jwt.decode(
            token,
            jwt.PyJWK(key, "RS256"),
            ["RS256"],
            issuer=launch.tool.client_id,
            audience=issuer,
            options={"require": ["iss", "aud", "exp", "iat", "nonce"]},
        )
    except jwt.PyJWTError as error:
        raise Refused(f"the token: {error}") from error
    audiences = claims["aud"]
    _demand(audiences in (issuer, [issuer]), f"aud is {audiences!r}, more than the platform")
    _demand(claims["exp"] - time.time() <= _LONGEST_LIFE, "the token is good for more than an hour")
    return dict(claims)


def _link(item: Any, launch: Launch, number: int) -> Link:
    _demand(isinstance(item, dict), "an item is no object")
    _demand(item.get("type") == names.RESOURCE_LINK, f"an item is of type {item.get('type')!r}")
    _demand(set(item) <= _CONTENT, f"an item has {sorted(set(item) - _CONTENT)}")
    custom, url, title = item.get("custom", {}), item.get("url"), item.get("title", "")
    _demand(
        isinstance(custom, dict) and all(isinstance(value, str) for pair in custom.items() for value in pair),
        f"custom parameters are no strings: {custom!r}",
    )
    _demand(isinstance(title, str) and isinstance(item.get("text", ""), str), "a title or text is no string")
    if url is not None:
        parts = urlsplit(url)
        _demand(f"{parts.scheme}://{parts.netloc}" == launch.tool.origin, f"an item leads to {url!r}")
    return Link(f"{launch.id}-{number}", title, url, custom)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Refused(otherwise)
