"""The HTTP requests that Slack sends to an app: signed bodies with their headers."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.service.slack.state import Json

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class SignedRequest:
    """What Slack posts, byte by byte."""

    body: bytes
    headers: dict[str, str]


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The value of `X-Slack-Signature`."""
    signed = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def sign(
    body: bytes,
    secret: str,
    content_type: str = JSON,
    *,
    timestamp: int | None = None,
    retry_num: int | None = None,
    retry_reason: str = "http_timeout",
) -> SignedRequest:
    """A request with that body, signed now or at `timestamp`; a repetition where `retry_num` is given."""
    at = int(time.time()) if timestamp is None else timestamp
    headers = {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": signature(body, secret, at),
    }
    if retry_num is not None:
        headers |= {"X-Slack-Retry-Num": str(retry_num), "X-Slack-Retry-Reason": retry_reason}
    return SignedRequest(body, headers)


def sign_payload(
    payload: Json,
    secret: str,
    *,
    timestamp: int | None = None,
    retry_num: int | None = None,
    retry_reason: str = "http_timeout",
) -> SignedRequest:
    """A payload in the form in which Slack sends its kind.

    Events and `url_verification` are JSON, a slash command is a form of its fields, and an interaction is a form whose
    one field is JSON.
    """
    if kind_of(payload) == "events_api":
        body, content_type = json.dumps(payload).encode(), JSON
    elif kind_of(payload) == "slash_commands":
        body, content_type = urlencode(payload).encode(), FORM
    else:
        body, content_type = urlencode({"payload": json.dumps(payload)}).encode(), FORM
    return sign(body, secret, content_type, timestamp=timestamp, retry_num=retry_num, retry_reason=retry_reason)


def kind_of(payload: Json) -> str:
    """The kind of a payload, by its name in Socket Mode."""
    if "command" in payload:
        return "slash_commands"
    return "events_api" if payload.get("type") in {"event_callback", "url_verification"} else "interactive"
