"""The thread that tells webhooks what waits for them, again and again where they do not take it."""

from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

import structlog

from reperage.service.access.encryption import Encryption
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.webhooks import Delivery, disable_webhook, put_off, remove_delivery, take
from reperage.service.errors import StateUnavailable
from reperage.service.webhooks.signing import Try

log = structlog.get_logger(__name__)

_LEASE_SECONDS = 60.0
"""How long a delivery is that process's which took it."""
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

    until: float
    failures: int
    trying: Thread


class Sender:
    """Tells webhooks what waits for them, each one thing at a time; several processes may do so beside each other."""

    def __init__(self, database: Database, encryption: Encryption) -> None:
        self._database, self._encryption = database, encryption
        self._closing, self._ended = Event(), Event()
        self._close_by = float("inf")
        self._tries: dict[str, tuple[Delivery, Try]] = {}
        self._rests: dict[str, _Rest] = {}
        self._problem: str | None = None
        self._is_current = False
        self._thread = Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Begin nothing more; the seconds that `close` waits at most begin."""
        if not self._closing.is_set():
            self._close_by = monotonic() + _CLOSE_SECONDS
        self._closing.set()
        self._ended.set()

    def close(self) -> None:
        """Begin nothing more, and end; what is being sent meanwhile is sent again later unless it ends in time."""
        self.end()
        self._thread.join(max(0.0, self._close_by - monotonic()))

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._work()
                self._problem = None
            except Exception as error:
                self._failed(error)
            self._ended.wait(_POLL_SECONDS)
            self._ended.clear()
        with suppress(StateUnavailable):
            while self._tries:
                self._collect()
                self._ended.wait(_POLL_SECONDS)
                self._ended.clear()

    def _work(self) -> None:
        """Take up what ended, and begin what is due."""
        self._collect()
        while len(self._tries) < _SIDE_BY_SIDE and not self._closing.is_set():
            if (found := self._next()) is None:
                return
            self._begin(found)

    def _failed(self, error: Exception) -> None:
        expected = isinstance(error, StateUnavailable)
        problem = error.reason if isinstance(error, StateUnavailable) else repr(error)
        if problem != self._problem:
            log.error("webhooks_not_sent", problem=problem, exc_info=None if expected else error)
        self._problem = problem

    def _next(self) -> Delivery | None:
        if not self._is_current and not self._database.is_current():
            return None
        self._is_current = True
        at = now()
        return take(self._database, at, at + int(_LEASE_SECONDS * 1000), [*self._tries, *self._resting()])

    def _resting(self) -> list[str]:
        """The webhooks that failed a moment ago, or whose last try has not ended."""
        at = monotonic()
        return [name for name, rest in self._rests.items() if at < rest.until or rest.trying.is_alive()]

    def _begin(self, delivery: Delivery) -> None:
        """Send a delivery, unless it is too old or cannot be signed."""
        webhook = delivery.webhook
        if now() - delivery.made_at > _OLDEST_SECONDS * 1000:
            self._give_up(delivery, "it waited for too long")
            return
        secret = self._encryption.decrypt(webhook.secret)
        if secret is None:
            self._again(delivery, "its secret cannot be read: REPERE_SECRET_KEY was replaced", Thread())
            return
        trying = Try(webhook.url, secret, delivery.id, delivery.body, self._ended)
        trying.start()
        self._tries[webhook.id] = delivery, trying

    def _collect(self) -> None:
        """Write what came of the tries that are over; one whose end cannot be written is kept, so that it is later."""
        for webhook_id, (delivery, trying) in list(self._tries.items()):
            if trying.is_over:
                self._settle(delivery, trying)
                del self._tries[webhook_id]

    def _settle(self, delivery: Delivery, trying: Try) -> None:
        webhook, told = delivery.webhook, trying.told()
        if told.is_good:
            self._rests.pop(webhook.id, None)
            remove_delivery(self._database, delivery.number)
        elif told.is_gone:
            log.error("webhook_disabled", webhook=webhook.id, problem="it answers 410: gone")
            disable_webhook(self._database, webhook.id, now())
        else:
            self._again(delivery, str(told), trying)

    def _again(self, delivery: Delivery, problem: str, trying: Thread) -> None:
        """Try a delivery again later, or give it up; the webhook's others wait a moment too."""
        webhook = delivery.webhook.id
        if delivery.attempts > len(_RETRY_SECONDS):
            self._give_up(delivery, problem)
        else:
            log.warning("webhook_failed", webhook=webhook, delivery=delivery.id, problem=problem)
            put_off(self._database, delivery.number, now() + _RETRY_SECONDS[delivery.attempts - 1] * 1000)
        failures = self._rests[webhook].failures + 1 if webhook in self._rests else 1
        rest = min(_REST_SECONDS[0] * 2 ** min(failures - 1, 16), _REST_SECONDS[1])
        self._rests[webhook] = _Rest(monotonic() + rest, failures, trying)

    def _give_up(self, delivery: Delivery, problem: str) -> None:
        log.error("webhook_delivery_given_up", webhook=delivery.webhook.id, delivery=delivery.id, problem=problem)
        remove_delivery(self._database, delivery.number)
