"""One sending of a webhook's message, and what came of it."""

from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

import requests
import urllib3

from reperage.service.clock import now
from reperage.service.webhooks.signing import signature

_SEND_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of one attempt: the status of the answer, or why there was none."""

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


class DeliveryAttempt(Thread):
    """One sending in a thread of its own: a receiver that dawdles holds nothing else up."""

    def __init__(self, url: str, secret: str, message_id: str, body: str, awake: Event | None = None) -> None:
        """`awake` is set at the end."""
        super().__init__(name="webhook", daemon=True)
        self._arguments = (url, secret, message_id, body)
        self._awake = awake
        self._result: DeliveryResult | None = None
        self._late_at = float("inf")

    def start(self) -> None:
        self._late_at = monotonic() + _SEND_SECONDS
        super().start()

    def run(self) -> None:
        self._result = _send(*self._arguments)
        if self._awake is not None:
            self._awake.set()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or takes too long: it is waited for ten seconds."""
        return self._result is not None or monotonic() >= self._late_at

    @property
    def result(self) -> DeliveryResult:
        """What came of it; that it takes too long, where it has not ended."""
        return self._result or DeliveryResult(None, _TOO_SLOW)

    def send(self) -> DeliveryResult:
        """Start, and tell what came of it in ten seconds."""
        self.start()
        self.join(_SEND_SECONDS)
        return self.result


def _send(url: str, secret: str, message_id: str, body: str) -> DeliveryResult:
    """Send a message once; blocks for as long as the receiver goes on sending headers."""
    timestamp, data = now() // 1000, body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Repere",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, data),
    }
    try:
        with requests.post(
            url, data=data, headers=headers, timeout=_SEND_SECONDS, allow_redirects=False, stream=True
        ) as response:
            return DeliveryResult(response.status_code)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        return DeliveryResult(None, _TOO_SLOW)
    except requests.exceptions.SSLError:
        return DeliveryResult(None, "its certificate is not valid")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return DeliveryResult(None, f"it cannot be reached ({type(error).__name__})")


_TOO_SLOW = f"no answer in {_SEND_SECONDS:.0f} s"
