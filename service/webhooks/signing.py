"""Webhooks and the secrets that their messages are signed with, as the Standard Webhooks specification says
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

turn or opinion → row beside it → one thread → an attempt for each webhook. What a question waits for is never among it.
"""

import base64
import hashlib
import hmac
import secrets

from reperage.service.access.encryption import Encryption
from reperage.service.clock import now
from reperage.service.contract.webhook_events import EventKind
from reperage.service.database.webhooks import Webhook
from reperage.service.errors import StartError
from reperage.service.urls import is_confidential, is_nearby, web_address

PURPOSE = "repere.webhooks"
"""What their secrets are encrypted for."""
SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_webhook(
    url: str, name: str, events: frozenset[EventKind], courses: frozenset[str] | None, encryption: Encryption
) -> tuple[Webhook, str]:
    """A webhook, and the secret that what it is told is signed with; it is kept encrypted alone."""
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return Webhook(secrets.token_hex(5), url, name, events, courses, encryption.encrypt(secret), now()), secret


def check_url(url: str) -> str:
    """The address, where it may be told things; others read what is told by `http://` to hosts that are not nearby.

    Raises:
        StartError: it may not, or is no address.
    """
    try:
        parts = web_address(url)
    except ValueError as error:
        raise StartError(f"{url!r} is no address of a webhook: {error}") from error
    if not is_confidential(parts) and not is_nearby(parts.hostname or ""):
        raise StartError(f"{url!r} would be told over the open network: begin it with https://")
    return parts.geturl()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What proves that a message comes from here: its `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
