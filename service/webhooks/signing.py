"""Telling other programs what happened, signed as the Standard Webhooks specification says
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

turn or opinion → row beside it → one thread → a try for each webhook. What a question waits for is never among it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

import requests
import urllib3

from reperage.service.access.encryption import Encryption
from reperage.service.clock import now
from reperage.service.contract.webhook_events import Kind
from reperage.service.database.webhooks import Webhook
from reperage.service.errors import StartError
from reperage.service.urls import is_confidential, is_nearby, web_address

PURPOSE = "repere.webhooks"
"""What their secrets are encrypted for."""
SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32
_SEND_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one try: the status of the answer, or why there was none."""

    status: int | None
    problem: str = ""

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether nothing is to be sent there any more."""
        return self.status == 410

    def __str__(self) -> str:
        return self.problem or f"it answers {self.status}"


def new_webhook(
    url: str, name: str, events: frozenset[Kind], courses: frozenset[str] | None, encryption: Encryption
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
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _send(url: str, secret: str, message_id: str, body: str) -> Told:
    """Tell something once; blocks for as long as the receiver goes on sending headers."""
    timestamp, written = now() // 1000, body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Repere",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, written),
    }
    try:
        with requests.post(
            url, data=written, headers=headers, timeout=_SEND_SECONDS, allow_redirects=False, stream=True
        ) as response:
            return Told(response.status_code)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        return Told(None, _TOO_SLOW)
    except requests.exceptions.SSLError:
        return Told(None, "its certificate is not valid")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Told(None, f"it cannot be reached ({type(error).__name__})")


_TOO_SLOW = f"no answer in {_SEND_SECONDS:.0f} s"


class Try(Thread):
    """One sending in a thread of its own: a receiver that dawdles holds nothing else up."""

    def __init__(self, url: str, secret: str, message_id: str, body: str, ended: Event | None = None) -> None:
        """`ended` is set at the end."""
        super().__init__(name="webhook", daemon=True)
        self._what = (url, secret, message_id, body)
        self._ended = ended
        self._told: Told | None = None
        self._late_at = float("inf")

    def start(self) -> None:
        self._late_at = monotonic() + _SEND_SECONDS
        super().start()

    def run(self) -> None:
        self._told = _send(*self._what)
        if self._ended is not None:
            self._ended.set()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or takes too long: it is waited for ten seconds."""
        return self._told is not None or monotonic() >= self._late_at

    def told(self) -> Told:
        """What came of it; that it takes too long, where it has not ended."""
        return self._told or Told(None, _TOO_SLOW)

    def outcome(self) -> Told:
        """Send, and tell what came of it in ten seconds."""
        self.start()
        self.join(_SEND_SECONDS)
        return self.told()
