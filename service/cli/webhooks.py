"""`repere webhooks`: who is told of questions without an answer and of opinions."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reperage.service.cli.terminal import AsJson, check_courses, date, encryption, messages, open_database, print_json
from reperage.service.errors import StartError
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.service.database.webhooks import Webhook

webhooks = typer.Typer(
    help="Who is told of questions without an answer and of opinions; see docs/webhooks.md.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="ID", help="The webhook, as `repere webhooks list` tells it.")]


@webhooks.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="The address that is told, such as https://lms.example/hooks/repere.")],
    event: Annotated[list[str], typer.Option(help="What is told: unanswered or feedback.")],
    course: Annotated[
        list[str] | None, typer.Option("--course", "-c", help="A course that is told of; without it all, later too.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for, so that it can be told from others.")] = "",
) -> None:
    """Tell an address of what happens; print the secret that messages are signed with, alone on its line, this once."""
    from reperage.service.contract.webhook_events import NAMES
    from reperage.service.database.webhooks import store_webhook
    from reperage.service.urls import is_confidential, web_address
    from reperage.service.webhooks.signing import PURPOSE, check_url, new_webhook

    address = check_url(url)
    if unknown := [one for one in event if one not in NAMES]:
        raise StartError(f"there is no event {unknown[0]!r}; there are: {', '.join(NAMES)}")
    check_courses(course or [])
    if not is_confidential(web_address(address)):
        messages.print("Warning: whoever is on that network can read what is told by http://.")
    events, courses = frozenset(NAMES[one] for one in event), frozenset(course) if course else None
    settings = Settings()
    with open_database() as database:
        webhook, secret = new_webhook(address, name, events, courses, encryption(settings, PURPOSE))
        store_webhook(database, webhook)
    messages.print(f"Webhook {webhook.id}: {_webhook_summary(webhook)}. Its secret is not shown again:")
    print(secret)


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List the webhooks, without their secrets, and how much waits for each."""
    from reperage.service.database.webhooks import all_webhooks

    with open_database() as database:
        webhook_rows = all_webhooks(database)
    if as_json:
        rows = [
            {
                "id": webhook.id,
                "url": webhook.url,
                "name": webhook.name,
                "events": sorted(webhook.events),
                "courses": None if webhook.courses is None else sorted(webhook.courses),
                "made_at": date(webhook.made_at),
                "disabled_at": date(webhook.disabled_at),
                "waiting": waiting,
            }
            for webhook, waiting in webhook_rows
        ]
        print_json({"webhooks": rows})
        return
    for webhook, waiting in webhook_rows:
        name = f" ({webhook.name})" if webhook.name else ""
        state = f"disabled {date(webhook.disabled_at)}, as it was gone" if webhook.disabled_at else f"{waiting} waiting"
        print(f"{webhook.id}: {_webhook_summary(webhook)}, {state}{name}")


@webhooks.command("remove")
def remove_webhook(webhook: Name) -> None:
    """Tell an address nothing any more, also of what waits."""
    from reperage.service.database.webhooks import remove_webhook as remove

    with open_database() as database:
        if not remove(database, webhook):
            raise _unknown(webhook)
    messages.print(f"Webhook {webhook} is told nothing any more.")


@webhooks.command("test")
def test_webhook(webhook: Name) -> None:
    """Send a `ping` to an address and tell its answer; the exit status is 1 where it does not take it."""
    from reperage.service.clock import now
    from reperage.service.contract.webhook_events import webhook_body
    from reperage.service.database.webhooks import all_webhooks, new_message_id
    from reperage.service.webhooks.delivery_attempt import DeliveryAttempt
    from reperage.service.webhooks.signing import PURPOSE

    settings = Settings()
    with open_database() as database:
        target = next((one for one, _ in all_webhooks(database) if one.id == webhook), None)
    if target is None:
        raise _unknown(webhook)
    secret = encryption(settings, PURPOSE).decrypt(target.secret)
    if secret is None:
        raise StartError("its secret cannot be read, as REPERE_SECRET_KEY was replaced: remove the webhook and add it")
    result = DeliveryAttempt(target.url, secret, new_message_id(), webhook_body("ping", now(), {})).send()
    print(f"{target.url}: {result}")
    if not result.is_good:
        sys.exit(1)


def _webhook_summary(webhook: "Webhook") -> str:
    courses = "all courses" if webhook.courses is None else ", ".join(sorted(webhook.courses))
    return f"{webhook.url} is told {', '.join(sorted(webhook.events))} of {courses}"


def _unknown(webhook: str) -> StartError:
    return StartError(f"there is no webhook {webhook!r}; `repere webhooks list` tells which there are")
