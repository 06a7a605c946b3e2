"""Headers of responses, as the description of the API declares them beside `problem_responses`."""

from typing import Any

Headers = dict[str, dict[str, Any]]

ETAG: Headers = {
    "ETag": {
        "description": "Names what came back; sent as `If-None-Match`, it asks whether that is still the same.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    }
}
RETRY_AFTER: Headers = {
    "Retry-After": {
        "description": "In how many seconds to come again, where that helps.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
RATE_LIMIT: Headers = {
    "RateLimit-Policy": {
        "description": "How many questions (`q`) may be asked in how many seconds (`w`), where they are counted.",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "How many of them are left (`r`), and in how many seconds there are more (`t`).",
        "schema": {"type": "string"},
    },
}
RATE_LIMIT_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"headers": RATE_LIMIT}}
"""Responses that a route declares that counts questions."""
