"""The double is as strict as Slack, seen by Slack's own clients."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models.blocks import ContextActionsBlock, FeedbackButtonObject, FeedbackButtonsElement
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.service.slack.platform import ALICE, COURSE, DIRECT, ELSEWHERE, SlackPlatform

FEEDBACK = ContextActionsBlock(
    elements=[
        FeedbackButtonsElement(
            action_id="feedback",
            positive_button=FeedbackButtonObject(text="Utile", value="1"),
            negative_button=FeedbackButtonObject(text="Inutile", value="0"),
        )
    ]
)
Ask = Callable[[AsyncWebClient], Awaitable[Any]]


@pytest.fixture
def slack() -> Iterator[SlackPlatform]:
    with SlackPlatform() as platform:
        yield platform


def client_of(slack: SlackPlatform, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=token or slack.workspace.bot_token, base_url=slack.url)


def ask(slack: SlackPlatform, asking: Ask, token: str | None = None) -> Any:
    async def run() -> Any:
        return await asking(client_of(slack, token))

    return asyncio.run(run())


def refused(slack: SlackPlatform, asking: Ask, token: str | None = None) -> object:
    with pytest.raises(SlackApiError) as caught:
        ask(slack, asking, token)
    return caught.value.response["error"]


def asked(slack: SlackPlatform) -> Any:
    """Someone asks the bot; the timestamp of their message."""
    payloads = slack.payloads
    return payloads.app_mention(COURSE, payloads.mention("Qu'est-ce qu'un port ?"), user=ALICE)["event"]["ts"]


def post(**arguments: Any) -> Ask:
    return lambda client: client.chat_postMessage(**({"channel": COURSE, "text": "Bonjour"} | arguments))


def call(method: str, **arguments: Any) -> Ask:
    return lambda client: client.api_call(method, json=arguments)


def section(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | fields


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Source"}} | fields


def test_a_message_is_posted_updated_and_told_apart_from_what_it_was(slack: SlackPlatform) -> None:
    ts = asked(slack)
    answer = ask(slack, post(thread_ts=ts, blocks=[section("Bonjour"), FEEDBACK]))
    assert answer["message"]["blocks"][1]["elements"][0]["type"] == "feedback_buttons"
    ask(slack, lambda client: client.chat_update(channel=COURSE, ts=answer["ts"], text="Un port"))
    [reply] = slack.replies(COURSE, ts)
    assert (reply.text, reply.earlier, reply.edited, reply.blocks) == ("Un port", ["Bonjour"], True, [])
    assert reply.ts > ts
    assert [call.method for call in slack.calls] == ["chat.postMessage", "chat.update"]
    assert slack.violations == []


@pytest.mark.parametrize(
    ("asking", "error"),
    [
        (call("chat.delete", channel=COURSE), "unknown_method"),
        (call("conversations.history", channel=COURSE), "missing_scope"),
        (call("chat.postMessage", channel=COURSE, texte="Bonjour"), "invalid_arguments"),
        (call("chat.postMessage", text="Bonjour"), "invalid_arguments"),
        (call("chat.postMessage", channel=COURSE, text=["Bonjour"]), "invalid_arguments"),
        (call("chat.postMessage", channel=COURSE, text=None), "invalid_arguments"),
        (call("chat.postMessage", channel=COURSE, text=" "), "no_text"),
        (post(thread_ts="1700000000.000001"), "thread_not_found"),
        (post(text=None, markdown_text="x" * 12_001), "msg_too_long"),
        (post(markdown_text="**Bonjour**"), "markdown_text_conflict"),
        (post(blocks=[section("x" * 3_001)]), "invalid_blocks"),
        (post(blocks=[section("x", texte="y")]), "invalid_blocks"),
        (post(blocks=[{"type": "section"}]), "invalid_blocks"),
        (post(blocks=[{"type": "paragraph", "text": "x"}]), "invalid_blocks"),
        (post(blocks=[{"type": "divider"}] * 51), "invalid_blocks"),
        (post(blocks=[{"type": "divider", "block_id": "b"}] * 2), "invalid_blocks"),
        (post(blocks=[{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]), "invalid_blocks"),
        (post(blocks=[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]), "invalid_blocks"),
        (post(blocks=[{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}]), "invalid_blocks"),
        (post(blocks=[{"type": "context", "elements": [button()]}]), "invalid_blocks"),
        (post(blocks=[{"type": "actions", "elements": []}]), "invalid_blocks"),
        (post(blocks=[{"type": "actions", "elements": [button()] * 2}]), "invalid_blocks"),
        (post(blocks=[{"type": "actions", "elements": [button(value="x" * 2_001)]}]), "invalid_blocks"),
        (post(blocks=[{"type": "actions", "elements": [button(url="x" * 3_001)]}]), "invalid_blocks"),
        (post(blocks=[{"type": "actions", "elements": [button(action_id="x" * 256)]}]), "invalid_blocks"),
        (
            post(blocks=[section("x", accessory=button(text={"type": "plain_text", "text": "x" * 76}))]),
            "invalid_blocks",
        ),
        (post(blocks=[{"type": "context_actions", "elements": [button()]}]), "invalid_blocks"),
        (post(blocks=[{"type": "markdown", "text": "x" * 6_001}] * 2), "msg_blocks_too_long"),
    ],
)
def test_a_call_that_breaks_a_rule_is_refused_and_noted(slack: SlackPlatform, asking: Ask, error: str) -> None:
    assert refused(slack, asking) == error
    assert len(slack.violations) == 1, slack.violations
    assert slack.messages(COURSE) == []


@pytest.mark.parametrize(
    "block",
    [
        section("Un *port*", accessory=button(style="primary", url="https://example.org/cours#s1")),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}, {"type": "plain_text", "text": "b"}]},
        {"type": "header", "text": {"type": "plain_text", "text": "Réponse", "emoji": True}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Source 1", "verbatim": True}]},
        {"type": "markdown", "text": "**Un port**"},
        {"type": "divider"},
        {"type": "actions", "block_id": "b", "elements": [button(), button(action_id="b", value="2")]},
        {
            "type": "context_actions",
            "elements": [{"type": "icon_button", "icon": "trash", "text": {"type": "plain_text", "text": "x"}}],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Un port", "style": {"bold": True}},
                        {"type": "link", "url": "https://example.org", "text": "1"},
                        {"type": "user", "user_id": ALICE},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "indent": 0,
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
                },
            ],
        },
    ],
)
def test_blocks_within_the_rules_are_accepted(slack: SlackPlatform, block: dict[str, Any]) -> None:
    ask(slack, post(blocks=[block]))
    assert slack.violations == []


def test_the_state_of_the_workspace_refuses_without_a_violation(slack: SlackPlatform) -> None:
    assert refused(slack, post(channel="C0NOWHERE")) == "channel_not_found"
    assert refused(slack, post(channel=ELSEWHERE)) == "not_in_channel"
    assert refused(slack, call("chat.update", channel=COURSE, ts="1700000000.000001", text="x")) == "message_not_found"
    assert refused(slack, post(), token="xoxb-other") == "invalid_auth"
    slack.payloads.app_uninstalled()
    assert refused(slack, post()) == "account_inactive"
    assert slack.violations == []


def test_a_scope_that_was_not_granted_is_needed(slack: SlackPlatform) -> None:
    slack.workspace.scopes = frozenset({"chat:write"})
    assert refused(slack, lambda client: client.users_info(user=ALICE)) == "missing_scope"
    assert len(slack.violations) == 1


def test_a_text_that_slack_would_cut_is_a_violation(slack: SlackPlatform) -> None:
    answer = ask(slack, post(text="x" * 40_001))
    assert len(answer["message"]["text"]) == 40_000
    assert len(slack.violations) == 1


def test_a_stream_is_started_appended_to_and_stopped_by_the_client_of_slack(slack: SlackPlatform) -> None:
    ts = asked(slack)

    async def stream(client: AsyncWebClient) -> None:
        streamer = await client.chat_stream(
            channel=COURSE, thread_ts=ts, recipient_team_id="T0SCHOOL01", recipient_user_id=ALICE, buffer_size=1
        )
        await streamer.append(markdown_text="Un **port** ")
        await streamer.append(markdown_text="est un nombre.")
        with pytest.raises(SlackApiError, match="streaming_state_conflict"):
            await client.chat_update(channel=COURSE, ts=str(streamer.ts), text="x")
        await streamer.stop(blocks=[FEEDBACK])

    ask(slack, stream)
    [reply] = slack.replies(COURSE, ts)
    assert (reply.text, reply.streaming) == ("Un **port** est un nombre.", "stopped")
    assert reply.appended == ["Un **port** ", "est un nombre."]
    assert reply.blocks[-1]["type"] == "context_actions"
    assert slack.violations == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "missing_recipient_team_id"),
        ({"recipient_team_id": "T0SCHOOL01"}, "missing_recipient_user_id"),
        ({"recipient_team_id": "T0SCHOOL01", "recipient_user_id": "U0NOBODY"}, "user_not_found"),
    ],
)
def test_a_stream_in_a_channel_needs_its_recipient(slack: SlackPlatform, arguments: Any, error: str) -> None:
    ts = asked(slack)
    assert refused(slack, lambda client: client.chat_startStream(channel=COURSE, thread_ts=ts, **arguments)) == error


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"chunks": [{"type": "markdown_text", "text": "x"}]}, "streaming_mode_mismatch"),
        ({"chunks": [{"type": "texte", "text": "x"}]}, "streaming_mode_mismatch"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x" * 11_999}, "msg_too_long"),
        ({}, "no_text"),
    ],
)
def test_what_is_appended_follows_the_rules(slack: SlackPlatform, arguments: Any, error: str) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    started = ask(slack, lambda client: client.chat_startStream(channel=DIRECT, thread_ts=ts, markdown_text="Un"))
    assert refused(slack, call("chat.appendStream", channel=DIRECT, ts=started["ts"], **arguments)) == error
    assert slack.replies(DIRECT, ts)[0].text == "Un"


def test_a_stream_that_slack_ended_can_be_updated_but_not_appended_to(slack: SlackPlatform) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    started = ask(slack, lambda client: client.chat_startStream(channel=DIRECT, thread_ts=ts))["ts"]
    slack.end_streams()
    append = call("chat.appendStream", channel=DIRECT, ts=started, markdown_text="x")
    assert refused(slack, append) == "message_not_in_streaming_state"
    ask(slack, lambda client: client.chat_update(channel=DIRECT, ts=started, text="Un port"))
    assert slack.violations == []


def test_a_stream_that_a_person_stopped_takes_no_text_but_its_end(slack: SlackPlatform) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    started = ask(slack, lambda client: client.chat_startStream(channel=DIRECT, thread_ts=ts))["ts"]
    stopped = slack.payloads.agent_session_stopped(DIRECT, ts, user=ALICE)
    assert stopped["event"]["streaming_message_ts"] == [started]
    assert refused(slack, call("chat.appendStream", channel=DIRECT, ts=started, markdown_text="x")) == "stopped_by_user"
    ask(slack, lambda client: client.chat_stopStream(channel=DIRECT, ts=started))
    assert slack.violations == []


def test_appending_to_what_the_app_stopped_itself_is_a_violation(slack: SlackPlatform) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    started = ask(slack, lambda client: client.chat_startStream(channel=DIRECT, thread_ts=ts))["ts"]
    ask(slack, lambda client: client.chat_stopStream(channel=DIRECT, ts=started, markdown_text="Fin"))
    assert refused(slack, call("chat.stopStream", channel=DIRECT, ts=started)) == "message_not_in_streaming_state"
    assert len(slack.violations) == 1


def test_status_prompts_and_title_are_kept(slack: SlackPlatform) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    prompts = [{"title": "Les ports", "message": "Qu'est-ce qu'un port ?"}]

    async def show(client: AsyncWebClient) -> None:
        await client.assistant_threads_setStatus(channel_id=DIRECT, thread_ts=ts, status="cherche…")
        await client.assistant_threads_setStatus(channel_id=DIRECT, thread_ts=ts, status="")
        await client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, prompts=prompts)
        await client.assistant_threads_setTitle(channel_id=DIRECT, thread_ts=ts, title="Ports")

    ask(slack, show)
    assert [status.status for status in slack.statuses] == ["cherche…", ""]
    assert slack.prompts[0].prompts == prompts
    assert slack.titles == {(DIRECT, ts): "Ports"}
    assert slack.violations == []


def test_prompts_in_a_thread_of_an_agent_fail_silently_and_are_a_violation(slack: SlackPlatform) -> None:
    ts = slack.payloads.message(DIRECT, "Bonjour", user=ALICE)["event"]["ts"]
    prompts = [{"title": "Les ports", "message": "Qu'est-ce qu'un port ?"}]
    ask(
        slack,
        lambda client: client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, thread_ts=ts, prompts=prompts),
    )
    assert slack.prompts == []
    assert len(slack.violations) == 1


def test_a_limit_is_answered_as_slack_does_and_obeyed_by_its_client(slack: SlackPlatform) -> None:
    slack.limit("chat.postMessage", retry_after=1)

    async def patiently(client: AsyncWebClient) -> None:
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        await client.chat_postMessage(channel=COURSE, text="Bonjour")

    ask(slack, patiently)
    first, second = slack.calls
    assert (first.error, second.error) == ("ratelimited", None)
    assert second.at - first.at >= 1


def test_messages_are_limited_by_channel(slack: SlackPlatform) -> None:
    slack.enforce_rate(per_second=0.01, burst=1)
    ask(slack, post())
    assert refused(slack, post()) == "ratelimited"
    ask(slack, post(channel=DIRECT))


def test_calls_fail_break_off_and_are_late_on_demand(slack: SlackPlatform) -> None:
    slack.fail("chat.postMessage", "internal_error")
    assert refused(slack, post()) == "internal_error"

    async def impatiently(client: AsyncWebClient) -> None:
        client.retry_handlers.clear()
        await client.chat_postMessage(channel=COURSE, text="Bonjour")

    for carried_out in (False, True):
        slack.break_off("chat.postMessage", carried_out=carried_out)
        with pytest.raises(aiohttp.ClientError):
            ask(slack, impatiently)
        assert len(slack.messages(COURSE)) == carried_out
    slack.delay("chat.postMessage", 0.2)
    before = slack.calls[-1].at
    ask(slack, post())
    assert slack.calls[-1].error is None
    assert slack.calls[-1].at > before
    assert slack.violations == []


def test_a_response_url_is_good_for_five_answers(slack: SlackPlatform) -> None:
    command = slack.payloads.slash_command("/cours", "port", channel=COURSE, user=ALICE)

    async def respond(times: int) -> list[int]:
        webhook = AsyncWebhookClient(command["response_url"])
        return [(await webhook.send(text="Un port", response_type="ephemeral")).status_code for _ in range(times)]

    assert asyncio.run(respond(5)) == [200] * 5
    assert [shown.user for shown in slack.ephemeral] == [ALICE] * 5
    assert slack.violations == []
    slack.expire_response_urls()
    assert asyncio.run(respond(1)) == [404]
    assert [response.error for response in slack.responses] == [None] * 5 + ["expired_url"]


def test_views_are_checked(slack: SlackPlatform) -> None:
    home = {"type": "home", "blocks": [section("Bonjour")]}
    ask(slack, lambda client: client.views_publish(user_id=ALICE, view=home))
    assert slack.views[0].user == ALICE
    trigger = slack.payloads.slash_command("/cours", "", channel=COURSE, user=ALICE)["trigger_id"]
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "Avis"}, "blocks": [section("Pourquoi ?")]}
    ask(slack, lambda client: client.views_open(trigger_id=trigger, view=modal))
    assert slack.violations == []
    assert refused(slack, lambda client: client.views_open(trigger_id=trigger, view=modal)) == "exchanged_trigger_id"
    long = home | {"blocks": [{"type": "markdown", "text": "x"}]}
    assert refused(slack, lambda client: client.views_publish(user_id=ALICE, view=long)) == "invalid_arguments"


# Slack's client still names a class that aiohttp will drop: slack_sdk/web/async_base_client.py.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
def test_the_app_is_installed_once_a_code(slack: SlackPlatform) -> None:
    school = slack.add_workspace("T0SCHOOL02", "lycee")
    code = slack.installation_code(school, "https://example.org/slack")
    keys = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}

    def exchange(client: AsyncWebClient) -> Awaitable[Any]:
        return client.oauth_v2_access(code=code, redirect_uri="https://example.org/slack", **keys)

    assert ask(slack, exchange)["access_token"] == school.bot_token
    assert ask(slack, lambda client: client.auth_test(), school.bot_token)["team_id"] == "T0SCHOOL02"
    assert refused(slack, exchange) == "code_already_used"
    ask(slack, lambda client: client.auth_revoke(), school.bot_token)
    assert refused(slack, lambda client: client.auth_test(), school.bot_token) == "token_revoked"
    assert slack.violations == []


def test_requests_are_signed_as_slack_signs_them(slack: SlackPlatform) -> None:
    payloads = slack.payloads
    event = payloads.message(COURSE, "Bonjour", user=ALICE)
    answer = ask(slack, post(thread_ts=event["event"]["ts"], blocks=[FEEDBACK]))
    pressed = payloads.block_actions(COURSE, answer["ts"], "feedback", user=ALICE, positive=False)
    assert pressed["actions"][0]["value"] == "0"
    verifier = SignatureVerifier(slack.app.signing_secret)
    sent = [
        payloads.url_verification(),
        event,
        payloads.slash_command("/cours", "c'est quoi un port ?", channel=COURSE, user=ALICE),
        pressed,
        payloads.message_action(COURSE, answer["ts"], "expliquer", user=ALICE),
    ]
    for payload in sent:
        request = slack.request(payload, retry_num=1)
        assert verifier.is_valid_request(request.body, request.headers)
        assert request.headers["X-Slack-Retry-Reason"] == "http_timeout"
        assert not verifier.is_valid_request(request.body + b" ", request.headers)
    [field] = parse_qs(slack.request(pressed).body.decode())["payload"]
    assert json.loads(field) == pressed
    late = slack.request(event, timestamp=1)
    assert not verifier.is_valid_request(late.body, late.headers)


def test_what_only_one_person_sees_can_be_pressed_and_replaced(slack: SlackPlatform) -> None:
    shown = ask(
        slack, lambda client: client.chat_postEphemeral(channel=COURSE, user=ALICE, text="x", blocks=[FEEDBACK])
    )
    pressed = slack.payloads.block_actions(COURSE, shown["message_ts"], "feedback", user=ALICE)
    assert pressed["container"]["is_ephemeral"]
    assert "message" not in pressed

    async def replace() -> None:
        await AsyncWebhookClient(pressed["response_url"]).send(text="Merci", replace_original=True)

    asyncio.run(replace())
    assert [message.text for message in slack.ephemeral] == ["Merci"]
    assert slack.violations == []


def test_a_token_is_good_for_its_workspace_alone(slack: SlackPlatform) -> None:
    assert ask(slack, call("auth.test", team_id="T0SCHOOL01"))["team"] == "ecole"
    assert refused(slack, call("auth.test", team_id="T0SCHOOL02")) == "team_access_not_granted"


def test_timestamps_and_event_ids_are_unique_and_increase(slack: SlackPlatform) -> None:
    events = [slack.payloads.message(COURSE, "Bonjour", user=ALICE) for _ in range(50)]
    stamps = [event["event"]["ts"] for event in events]
    assert stamps == sorted(set(stamps))
    assert len({event["event_id"] for event in events}) == 50


def test_envelopes_are_acknowledged_and_a_client_connects_anew(slack: SlackPlatform) -> None:
    received: list[SocketModeRequest] = []

    async def acknowledge(client: Any, request: SocketModeRequest) -> None:
        received.append(request)
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    async def run() -> None:
        # A client that waits less for an answer gives up connections that are well, on a busy machine.
        client = SocketModeClient(slack.app.app_token, web_client=client_of(slack), ping_interval=0.5)
        client.logger.setLevel(logging.CRITICAL)
        client.socket_mode_request_listeners.append(acknowledge)
        try:
            await client.connect_to_new_endpoint()
            await asyncio.to_thread(_drive, slack)
        finally:
            await client.close()  # type: ignore[no-untyped-call]
            await client.aiohttp_client_session.close()

    asyncio.run(run())
    assert [request.type for request in received] == ["events_api", "slash_commands", "events_api", "events_api"]
    assert received[0].retry_attempt == 0
    assert received[2].retry_reason == "timeout"
    assert slack.violations == []


def _drive(slack: SlackPlatform) -> None:
    slack.socket.wait_for_connection()
    message = slack.payloads.message(COURSE, "Bonjour", user=ALICE)
    command = slack.payloads.slash_command("/cours", "port", channel=COURSE, user=ALICE)
    for payload in (message, command):
        assert slack.socket.acknowledgement(slack.socket.deliver(payload)).seconds < 3
    slack.socket.disconnect()
    slack.socket.wait_for_connection(2)
    again = slack.socket.deliver(message, retry_attempt=1, retry_reason="timeout")
    assert slack.socket.acknowledgement(again).payload is None
    slack.socket.drop()
    slack.socket.wait_for_connection(3)
    slack.socket.acknowledgement(slack.socket.deliver(message))


def test_socket_mode_needs_a_token_of_the_app(slack: SlackPlatform) -> None:
    bot_token = slack.workspace.bot_token
    assert refused(slack, lambda client: client.apps_connections_open(app_token=bot_token)) == "not_allowed_token_type"
    assert len(slack.violations) == 1
