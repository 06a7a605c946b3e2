"""Answers that a language model writes: streamed, or replaced by longer ones; whole in the end, in one message."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from reperage.service.contract.answer import Answer, RelatedSection
from reperage.service.contract.stream_events import CitationEvent, SentenceEvent
from reperage.service.database.slack import Place, Question
from reperage.service.slack import posting
from reperage.service.slack.posting import Stream, Thread
from reperage.service.slack.rendering import answer_reply
from reperage.service.sources.links import SourceLinks
from tests.service.answering.generation.scripted import ScriptedModel, number_of
from tests.service.serving import REFERENCE
from tests.service.slack.conftest import PUBLIC_URL, Bot, Running
from tests.service.slack.platform import ALICE, COURSE, DIRECT, SlackPlatform
from tests.service.slack.state import Message
from tests.service.slack.test_rendering import long_answer, seen
from tests.web.running import until, writing

FOUND = [
    "Un Conteneur Docker peut communiquer avec l'extérieur en ouvrant des ports sur la machine locale.",
    "C'est ce que l'on appelle un port exposé.",
    "Un Conteneur Docker peut également communiquer avec d'autres Conteneurs",
    "Ces ports ne sont pas accessibles depuis la machine, c'est ce que l'on appelle des ports internes.",
]
"""Sentences of the course, or how they begin."""


class Letting:
    """A script that quotes sentence after sentence, each once it is let."""

    def __init__(self) -> None:
        self.let = 1

    def __call__(self, request: str) -> Iterator[str | float]:
        lines = {int(n): text for n, text in re.findall(r"^\[(\d+)\] (.*)$", request, re.M)}
        for i, words in enumerate(FOUND):
            while self.let <= i:
                yield 0.02
            number = number_of(request, words)
            yield f"{lines[number].rstrip('.')} [{number}].\n\n"


@pytest.fixture
def letting() -> Letting:
    return Letting()


@contextmanager
def written(running: Running, letting: Letting) -> Iterator[tuple[Bot, ScriptedModel]]:
    with writing(letting) as model, running(chat_model="scripted:one") as bot:
        yield bot, model


def asked(bot: Bot, channel: str = COURSE) -> str:
    """Ask the reference question; the `ts` of its message."""
    payloads = bot.slack.payloads
    if channel == DIRECT:
        payload = payloads.message(channel, REFERENCE, user=ALICE)
    else:
        payload = payloads.app_mention(channel, payloads.mention(REFERENCE), user=ALICE)
    bot.deliver(payload)
    return str(payload["event"]["ts"])


def shows(slack: SlackPlatform, channel: str, ts: str, words: str) -> Message:
    """The only message in a thread, once it holds `words`."""
    slack.wait_until(lambda: any(words in message.text for message in slack.replies(channel, ts)), 20, words)
    [message] = slack.replies(channel, ts)
    return message


def ended(bot: Bot, channel: str, ts: str) -> Message:
    """The only message in a thread, once the question is answered; it holds everything."""
    bot.ended()
    [message] = bot.slack.replies(channel, ts)
    assert_whole(message)
    return message


def assert_whole(message: Message, found: list[str] = FOUND) -> None:
    """All sentences, where they come from, and buttons, and it is no stream any more."""
    shown = message.text + "".join(seen(message.blocks))
    assert all(words.rstrip(".") in shown for words in found)
    assert [block["type"] for block in message.blocks if block["type"] != "actions"][-2:] == [
        "context",
        "context_actions",
    ]
    assert message.streaming in (None, "stopped", "ended")


@pytest.mark.model
@pytest.mark.parametrize("channel", [COURSE, DIRECT])
def test_an_answer_is_streamed_to_who_asked_as_it_is_written(
    running: Running, letting: Letting, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_STREAMED_SECONDS", 0.0)
    with written(running, letting) as (bot, _):
        ts = asked(bot, channel)
        first = shows(bot.slack, channel, ts, "machine locale")
        assert (first.streaming, first.recipient, first.blocks) == ("streaming", ALICE, [])
        started = bot.slack.wait_for_call("chat.startStream")
        assert started.arguments["recipient_team_id"] == bot.slack.workspace.team_id
        assert f"]({PUBLIC_URL}/courses/docker/documents/introduction-docker?version=" in first.text
        letting.let = 2
        assert "exposé" in shows(bot.slack, channel, ts, "port exposé").text
        letting.let = 4
        message = ended(bot, channel, ts)
        assert (message.streaming, message.edited, message.earlier) == ("stopped", False, [])
        assert len(message.appended) >= 2
        quotes = "".join(seen(message.blocks))
        assert "« C'est ce que l'on appelle un port exposé. »" in quotes.replace("\u00a0", " ")
        assert "<https://repere.example/courses/docker/documents/introduction-docker?" in quotes
        assert bot.slack.calls_of("chat.postMessage") == bot.slack.calls_of("chat.update") == []
        assert bool(bot.slack.statuses) == (channel == DIRECT)
        rating = bot.press(message, "repere_rate", user=ALICE)
        assert rating.text.startswith("Merci")


@pytest.mark.model
@pytest.mark.parametrize("error", ["message_not_in_streaming_state", "message_not_found"])
def test_an_answer_goes_on_after_slack_ended_its_stream(
    running: Running, letting: Letting, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_STREAMED_SECONDS", 0.0)
    monkeypatch.setattr(posting, "_REPLACED_SECONDS", 0.0)
    with written(running, letting) as (bot, _):
        ts = asked(bot)
        shows(bot.slack, COURSE, ts, "machine locale")
        bot.slack.end_streams(error)
        letting.let = 2
        grown = shows(bot.slack, COURSE, ts, "port exposé")
        assert [block["type"] for block in grown.blocks] == ["markdown"]
        letting.let = 4
        message = ended(bot, COURSE, ts)
        assert message.blocks[0]["type"] == "rich_text"
        assert bot.slack.calls_of("chat.postMessage") == []


@pytest.mark.model
def test_a_stream_that_slack_ended_while_the_model_was_silent_ends_whole(running: Running, letting: Letting) -> None:
    with written(running, letting) as (bot, _):
        ts = asked(bot)
        shows(bot.slack, COURSE, ts, "machine locale")
        bot.slack.end_streams()
        letting.let = 4
        ended(bot, COURSE, ts)


@pytest.mark.model
@pytest.mark.parametrize("error", ["channel_type_not_supported", "internal_error", "missing_scope"])
def test_where_nothing_is_streamed_a_message_grows(
    running: Running, letting: Letting, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_REPLACED_SECONDS", 0.0)
    with written(running, letting) as (bot, _):
        bot.slack.fail("chat.startStream", error)
        ts = asked(bot)
        first = shows(bot.slack, COURSE, ts, "machine locale")
        assert [block["type"] for block in first.blocks] == ["markdown"]
        assert "https:" not in first.text
        letting.let = 2
        shows(bot.slack, COURSE, ts, "port exposé")
        letting.let = 4
        message = ended(bot, COURSE, ts)
        assert message.streaming is None
        assert len(message.earlier) >= 2
        assert len(bot.slack.calls_of("chat.postMessage")) == 1


@pytest.mark.model
def test_who_asked_may_stop_an_answer(running: Running, letting: Letting) -> None:
    with written(running, letting) as (bot, model):
        ts = asked(bot, DIRECT)
        shows(bot.slack, DIRECT, ts, "machine locale")
        bot.deliver(bot.slack.payloads.agent_session_stopped(DIRECT, ts, user=ALICE))
        bot.ended()
        until(lambda: model.cut_off == 1)
        [message] = bot.slack.replies(DIRECT, ts)
        assert "machine locale" in message.text
        assert "exposé" not in message.text
        assert message.streaming != "streaming"
        assert bot.rows("SELECT answer_id FROM slack_questions") == [(None,)]


@pytest.mark.model
def test_an_answer_that_another_process_was_told_to_stop_stays_as_it_is(
    running: Running, letting: Letting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_STREAMED_SECONDS", 0.0)
    with written(running, letting) as (bot, _):
        ts = asked(bot)
        shows(bot.slack, COURSE, ts, "machine locale")
        bot.slack.end_streams("stopped_by_user")
        letting.let = len(FOUND)
        bot.ended()
        [message] = bot.slack.replies(COURSE, ts)
        assert "ports internes" not in message.text
        assert bot.slack.calls_of("chat.update") == []


@pytest.mark.model
def test_where_no_sentence_of_the_model_survives_the_extractive_answer_is_given(running: Running) -> None:
    with writing(lambda request: ["Les ports sont des fromages [1]."]), running(chat_model="scripted:one") as bot:
        ts = asked(bot)
        message = ended(bot, COURSE, ts)
        [rich, *_] = message.blocks
        assert rich["type"] == "rich_text"
        assert {"type": "text", "text": "port exposé", "style": {"bold": True, "code": True}} in rich["elements"][0][
            "elements"
        ]


@pytest.mark.model
def test_what_needs_no_model_is_one_message(running: Running, letting: Letting) -> None:
    with written(running, letting) as (bot, model):
        refusal = bot.ask(COURSE, "c'est quoi kubernetes ?", user=ALICE)
        assert "Le cours ne répond pas à cette question" in refusal.text
        assert bot.slack.calls_of("chat.startStream") == model.requests == []


Play = Callable[[Stream], Awaitable[Any]]


@pytest.fixture
def client(slack: SlackPlatform) -> AsyncWebClient:
    return AsyncWebClient(
        slack.workspace.bot_token, base_url=slack.url, retry_handlers=[AsyncRateLimitErrorRetryHandler(5)]
    )


def play(slack: SlackPlatform, client: AsyncWebClient, acting: Play, reply: str | None = None) -> list[str]:
    """Let a stream do something in a thread of the course's channel; what it wants to be kept."""
    mention = slack.payloads.app_mention(COURSE, slack.payloads.mention(REFERENCE), user=ALICE)["event"]["ts"]
    question = Question(Place(slack.workspace.team_id, COURSE, mention), mention, ALICE, "p", REFERENCE, reply)
    kept: list[str] = []

    async def keep(ts: str) -> None:
        kept.append(ts)

    async def find_next(answer: Answer) -> RelatedSection | None:
        return None

    asyncio.run(acting(Stream(Thread(client, question, SourceLinks(PUBLIC_URL), keep), find_next)))  # type: ignore[arg-type]
    return kept


def model_answer(count: int, words: int = 5) -> Answer:
    return long_answer([f"Phrase {n} " + "mot " * words for n in range(count)]).model_copy(update={"composer": "model"})


async def tell(stream: Stream, answer: Answer, first: int = 0, end: int | None = None) -> None:
    for i in range(first, len(answer.sentences) if end is None else end):
        await stream.take(CitationEvent(answer.citations[i]))
        await stream.take(SentenceEvent(answer.sentences[i]))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence is shown when it comes."""
    monkeypatch.setattr(posting, "_STREAMED_SECONDS", 0.0)
    monkeypatch.setattr(posting, "_REPLACED_SECONDS", 0.0)


def the_only(slack: SlackPlatform, kept: list[str]) -> Message:
    [message] = [message for message in slack.messages(COURSE) if message.bot_id]
    assert kept == [message.ts]
    return message


def test_sentences_that_come_fast_are_shown_together(slack: SlackPlatform, client: AsyncWebClient) -> None:
    answer = model_answer(12)

    async def acting(stream: Stream) -> None:
        await tell(stream, answer)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    assert [call.method for call in slack.calls] == ["chat.startStream", "chat.stopStream"]
    assert_whole(message, [f"Phrase {n} mot" for n in range(12)])


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("carried_out", [True, False, None])
def test_a_piece_that_is_lost_is_in_the_message_once(
    slack: SlackPlatform, client: AsyncWebClient, carried_out: bool | None
) -> None:
    answer = model_answer(4)

    async def acting(stream: Stream) -> None:
        await tell(stream, answer, 0, 2)
        if carried_out is None:
            slack.fail("chat.appendStream", "internal_error")
        else:
            slack.break_off("chat.appendStream", carried_out=carried_out)
        await tell(stream, answer, 2)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    shown = "".join(seen(message.blocks))
    assert [shown.count(f"Phrase {n} ") for n in range(4)] == [1] * 4
    assert_whole(message, [f"Phrase {n} mot" for n in range(4)])


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("method", ["chat.stopStream", "chat.update"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_an_end_that_is_lost_is_said_again_in_its_place(
    slack: SlackPlatform, client: AsyncWebClient, method: str, carried_out: bool
) -> None:
    answer = model_answer(3)

    async def acting(stream: Stream) -> None:
        await tell(stream, answer)
        if method == "chat.update":
            slack.fail("chat.stopStream", "internal_error")
        slack.break_off(method, carried_out=carried_out)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    assert_whole(message, [f"Phrase {n} mot" for n in range(3)])


@pytest.mark.usefixtures("at_once")
def test_a_stream_waits_where_slack_says_so(slack: SlackPlatform, client: AsyncWebClient) -> None:
    answer = model_answer(3)

    async def acting(stream: Stream) -> None:
        slack.limit("chat.appendStream")
        slack.limit("chat.stopStream")
        await tell(stream, answer)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    assert message.streaming == "stopped"
    assert message.appended[1].count("Phrase 1") == 1
    assert_whole(message, [f"Phrase {n} mot" for n in range(3)])


@pytest.mark.usefixtures("at_once")
def test_an_answer_that_is_longer_than_a_stream_is_cut_at_a_sentence(
    slack: SlackPlatform, client: AsyncWebClient
) -> None:
    answer = model_answer(40, words=60)

    async def acting(stream: Stream) -> None:
        await tell(stream, answer)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    expected = answer_reply(answer, PUBLIC_URL)
    assert [{k: v for k, v in block.items() if k != "block_id"} for block in message.blocks] == expected.blocks
    assert "La réponse est plus longue" in str(message.blocks)
    assert "Phrase 12 " in str(message.blocks)
    assert max(len(text) for text in [message.text, *message.earlier]) <= 9000


@pytest.mark.usefixtures("at_once")
def test_what_another_process_began_to_stream_is_ended_in_its_place(
    slack: SlackPlatform, client: AsyncWebClient
) -> None:
    answer = model_answer(3)

    async def dies(stream: Stream) -> None:
        await tell(stream, answer, 0, 2)

    async def takes_up(stream: Stream) -> None:
        await tell(stream, answer)
        await stream.end(answer)

    [begun] = play(slack, client, dies)
    assert play(slack, client, takes_up, reply=begun) == []
    message = the_only(slack, [begun])
    assert message.ts == begun
    assert_whole(message, [f"Phrase {n} mot" for n in range(3)])


@pytest.mark.usefixtures("at_once")
def test_an_answer_whose_message_was_deleted_is_posted_anew(slack: SlackPlatform, client: AsyncWebClient) -> None:
    answer = model_answer(3)

    async def acting(stream: Stream) -> None:
        await tell(stream, answer, 0, 1)
        [begun] = [message for message in slack.messages(COURSE) if message.bot_id]
        slack.payloads.message_deleted(COURSE, begun.ts)
        await tell(stream, answer, 1)
        await stream.end(answer)

    assert len(play(slack, client, acting)) == 2
    [message] = [message for message in slack.messages(COURSE) if message.bot_id]
    assert_whole(message, [f"Phrase {n} mot" for n in range(3)])


@pytest.mark.usefixtures("at_once")
def test_a_refused_update_in_between_posts_nothing_more(slack: SlackPlatform, client: AsyncWebClient) -> None:
    answer = model_answer(5)

    async def acting(stream: Stream) -> None:
        slack.fail("chat.startStream", "channel_type_not_supported")
        await tell(stream, answer, 0, 2)
        slack.fail("chat.update", "internal_error")
        slack.break_off("chat.update", 3)
        await tell(stream, answer, 2)
        await stream.end(answer)

    message = the_only(slack, play(slack, client, acting))
    assert_whole(message, [f"Phrase {n} mot" for n in range(5)])
