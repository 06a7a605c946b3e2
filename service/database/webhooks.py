"""Webhooks in the database, and what waits to be told to them: SQL alone; `service.webhooks` decides when."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, select, update

from reperage.service.contract.webhook_events import EventKind, WebhookEvent
from reperage.service.database.engine import Database
from reperage.service.database.tables import WEBHOOK_DELIVERIES, WEBHOOKS
from reperage.service.database.upsert import upsert

log = structlog.get_logger(__name__)

MOST_WAITING = 10_000
"""Deliveries that wait for one webhook; of more the oldest are given up."""

_PREFIX = "msg_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told: `courses` are those it is told of, `None` for all; `secret` is encrypted."""

    id: str
    url: str
    name: str
    events: frozenset[EventKind]
    courses: frozenset[str] | None
    secret: str = field(repr=False)
    made_at: int
    disabled_at: int | None = None

    def wants(self, event: WebhookEvent) -> bool:
        return event.kind in self.events and (self.courses is None or event.course in self.courses)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What waits to be told to a webhook; `id` stays the same however often it is tried."""

    number: int
    id: str
    webhook: Webhook
    body: str
    made_at: int
    attempts: int


def store_webhook(database: Database, webhook: Webhook) -> None:
    """Keep a new webhook."""
    row = {
        "id": webhook.id,
        "url": webhook.url,
        "name": webhook.name,
        "events": json.dumps(sorted(webhook.events)),
        "courses": None if webhook.courses is None else json.dumps(sorted(webhook.courses)),
        "secret": webhook.secret,
        "made_at": webhook.made_at,
    }
    with database.writing() as connection:
        upsert(connection, WEBHOOKS, ["id"], row)


def all_webhooks(database: Database) -> list[tuple[Webhook, int]]:
    """Every webhook with how many deliveries wait for it, the oldest first."""
    waiting = (
        select(func.count())
        .where(WEBHOOK_DELIVERIES.c.webhook_id == WEBHOOKS.c.id)
        .scalar_subquery()
        .label("waiting_count")
    )
    with database.reading() as connection:
        rows = connection.execute(select(WEBHOOKS, waiting).order_by(WEBHOOKS.c.made_at, WEBHOOKS.c.id))
        return [(_webhook(row), row.waiting_count) for row in rows]


def remove_webhook(database: Database, webhook_id: str) -> bool:
    """Remove a webhook with what waits for it; whether there was one."""
    with database.writing() as connection:
        return bool(connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id)).rowcount)


def disable_webhook(database: Database, webhook_id: str, at: int) -> None:
    """Tell a webhook nothing any more, also of what waits."""
    with database.writing() as connection:
        connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(disabled_at=at))
        connection.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.webhook_id == webhook_id))


def queue_deliveries(connection: Connection, events: Sequence[WebhookEvent]) -> None:
    """Let what happened wait for the webhooks that want it; within the transaction that writes what it is about."""
    enabled = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.disabled_at.is_(None)))
    for webhook in [_webhook(row) for row in enabled]:
        rows = [_row(webhook, event) for event in events if webhook.wants(event)]
        if rows:
            upsert(connection, WEBHOOK_DELIVERIES, ["id"], *rows)
            _give_up_oldest(connection, webhook)


def _give_up_oldest(connection: Connection, webhook: Webhook) -> None:
    own = WEBHOOK_DELIVERIES.c.webhook_id == webhook.id
    newest = select(WEBHOOK_DELIVERIES.c.number).where(own).order_by(WEBHOOK_DELIVERIES.c.number.desc())
    last = connection.execute(newest.offset(MOST_WAITING).limit(1)).scalar_one_or_none()
    if last is not None:
        count = connection.execute(delete(WEBHOOK_DELIVERIES).where(own, WEBHOOK_DELIVERIES.c.number <= last)).rowcount
        log.error("webhook_deliveries_given_up", webhook=webhook.id, deliveries=count, problem="too many wait")


def take_delivery(database: Database, at: int, lease_end: int, without: Collection[str] = ()) -> Delivery | None:
    """The oldest delivery that is due at `at`, which is nobody else's until `lease_end`; `None` where there is none.

    `without`: webhooks that are left alone for now.
    """
    columns = WEBHOOK_DELIVERIES.c
    due = (
        select(
            *(columns[name] for name in ("number", "body", "attempts", "due_at")),
            columns.id.label("message_id"),
            columns.made_at.label("happened_at"),
            *WEBHOOKS.c,
        )
        .join_from(WEBHOOK_DELIVERIES, WEBHOOKS)
        .where(WEBHOOKS.c.disabled_at.is_(None), columns.due_at <= at, columns.webhook_id.not_in(list(without)))
        .order_by(columns.due_at, columns.number)
        .limit(1)
    )
    while True:
        with database.reading() as connection:
            row = connection.execute(due).one_or_none()
        if row is None:
            return None
        ours = update(WEBHOOK_DELIVERIES).where(columns.number == row.number, columns.due_at == row.due_at)
        with database.writing() as connection:
            is_ours = connection.execute(ours.values(due_at=lease_end, attempts=columns.attempts + 1)).rowcount
        if is_ours:
            return Delivery(row.number, row.message_id, _webhook(row), row.body, row.happened_at, row.attempts + 1)


def postpone_delivery(database: Database, number: int, due_at: int) -> None:
    """Try a delivery again at that time."""
    with database.writing() as connection:
        connection.execute(
            update(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.number == number).values(due_at=due_at)
        )


def remove_delivery(database: Database, number: int) -> None:
    """Remove what was told, or is given up."""
    with database.writing() as connection:
        connection.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.number == number))


def new_message_id() -> str:
    """A name for something that is told."""
    return _PREFIX + secrets.token_hex(16)


def _row(webhook: Webhook, event: WebhookEvent) -> dict[str, str | int]:
    return {
        "id": new_message_id(),
        "webhook_id": webhook.id,
        "answer_id": event.answer_id,
        "body": event.body(),
        "made_at": event.at,
        "attempts": 0,
        "due_at": event.at,
    }


def _webhook(row: Any) -> Webhook:
    courses = None if row.courses is None else frozenset(json.loads(row.courses))
    events = frozenset(json.loads(row.events))
    return Webhook(row.id, row.url, row.name, events, courses, row.secret, row.made_at, row.disabled_at)
