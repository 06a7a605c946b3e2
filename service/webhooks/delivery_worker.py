"""The thread that tells webhooks what waits for them, again and again where they do not take it."""

from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from time import monotonic

import structlog

from reperage.service.access.encryption import Encryption
from reperage.service.background import Lease, Worker, growing_pause
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.webhooks import (
    Delivery,
    disable_webhook,
    postpone_delivery,
    remove_delivery,
    take_delivery,
)
from reperage.service.errors import StateUnavailable
from reperage.service.webhooks.delivery_attempt import DeliveryAttempt

log = structlog.get_logger(__name__)

_LEASE = Lease(60.0)
"""How long a delivery is that process's which took it; it is not renewed."""
_POLL_SECONDS = 2.0
_RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000)
"""How long after each failure a delivery is tried again; after the last it is given up."""
_OLDEST_SECONDS = 3 * 86_400
_REST_SECONDS = (5.0, 300.0)
"""How long a webhook is left alone after it failed: the first time, and at most, as each failure doubles it."""
_CLOSE_SECONDS = 5.0
_SIDE_BY_SIDE = 4
"""Webhooks that are told something at once: one that is slow must not hold up the others."""


@dataclass(slots=True)
class _Rest:
    """A webhook that is left alone: until when, after how many failures, and what it still holds up."""

    end: float
    failures: int
    attempt: Thread


class DeliveryWorker(Worker):
    """Tells webhooks what waits for them, each one thing at a time; several processes may do so beside each other."""

    def __init__(self, database: Database, encryption: Encryption) -> None:
        super().__init__("webhooks", _CLOSE_SECONDS)
        self._database, self._encryption = database, encryption
        self._attempts: dict[str, tuple[Delivery, DeliveryAttempt]] = {}
        self._rests: dict[str, _Rest] = {}
        self._is_current = False

    def start(self) -> None:
        """Begin to deliver, as soon as there are tables."""
        self._start()

    def _work(self) -> None:
        """Take up what ended, and begin what is due."""
        self._collect()
        while len(self._attempts) < _SIDE_BY_SIDE and not self._ending.is_set():
            if (delivery := self._next()) is None:
                return
            self._begin(delivery)

    def _rest(self) -> None:
        self._awake.wait(_POLL_SECONDS)

    def _finish(self) -> None:
        """Take up what ends meanwhile; what does not is sent again later."""
        with suppress(StateUnavailable):
            while self._attempts:
                self._awake.wait(_POLL_SECONDS)
                self._awake.clear()
                self._collect()

    def _report(self, problem: str, error: Exception | None) -> None:
        log.error("webhooks_not_sent", problem=problem, exc_info=error)

    def _next(self) -> Delivery | None:
        if not self._is_current and not self._database.is_current():
            return None
        self._is_current = True
        return take_delivery(self._database, now(), _LEASE.lease_end(), [*self._attempts, *self._resting()])

    def _resting(self) -> list[str]:
        """The webhooks that failed a moment ago, or whose last attempt has not ended."""
        at = monotonic()
        return [name for name, rest in self._rests.items() if at < rest.end or rest.attempt.is_alive()]

    def _begin(self, delivery: Delivery) -> None:
        """Send a delivery, unless it is too old or cannot be signed."""
        webhook = delivery.webhook
        if now() - delivery.made_at > _OLDEST_SECONDS * 1000:
            self._give_up(delivery, "it waited for too long")
            return
        secret = self._encryption.decrypt(webhook.secret)
        if secret is None:
            self._retry_later(delivery, "its secret cannot be read: REPERE_SECRET_KEY was replaced", Thread())
            return
        attempt = DeliveryAttempt(webhook.url, secret, delivery.id, delivery.body, self._awake)
        attempt.start()
        self._attempts[webhook.id] = delivery, attempt

    def _collect(self) -> None:
        """Write what came of the attempts that are over; one whose end cannot be written is kept, so that it is
        later."""
        for webhook_id, (delivery, attempt) in list(self._attempts.items()):
            if attempt.is_over:
                self._settle(delivery, attempt)
                del self._attempts[webhook_id]

    def _settle(self, delivery: Delivery, attempt: DeliveryAttempt) -> None:
        webhook, result = delivery.webhook, attempt.result
        if result.is_good:
            self._rests.pop(webhook.id, None)
            remove_delivery(self._database, delivery.number)
        elif result.is_gone:
            log.error("webhook_disabled", webhook=webhook.id, problem="it answers 410: gone")
            disable_webhook(self._database, webhook.id, now())
        else:
            self._retry_later(delivery, str(result), attempt)

    def _retry_later(self, delivery: Delivery, problem: str, attempt: Thread) -> None:
        """Try a delivery again later, or give it up; the webhook's others wait a moment too."""
        webhook = delivery.webhook.id
        if delivery.attempts > len(_RETRY_SECONDS):
            self._give_up(delivery, problem)
        else:
            log.warning("webhook_failed", webhook=webhook, delivery=delivery.id, problem=problem)
            postpone_delivery(self._database, delivery.number, now() + _RETRY_SECONDS[delivery.attempts - 1] * 1000)
        failures = self._rests[webhook].failures + 1 if webhook in self._rests else 1
        self._rests[webhook] = _Rest(monotonic() + growing_pause(failures, _REST_SECONDS), failures, attempt)

    def _give_up(self, delivery: Delivery, problem: str) -> None:
        log.error("webhook_delivery_given_up", webhook=delivery.webhook.id, delivery=delivery.id, problem=problem)
        remove_delivery(self._database, delivery.number)
