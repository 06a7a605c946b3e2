"""Answers on their way into a thread: one message, or sentence by sentence while a language model writes."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from reperage.service.answering.citations import AnswerText
from reperage.service.contract.answer import Answer, Citation, RelatedSection
from reperage.service.contract.stream_events import CitationEvent, Event, SentenceEvent
from reperage.service.database.slack import Question
from reperage.service.slack.markdown import StreamedText
from reperage.service.slack.rendering import LONGEST_MARKDOWN, Reply, answer_reply, closing_blocks, partial_reply
from reperage.service.slack.rich_text import Block
from reperage.service.sources.links import SourceLinks

log = structlog.get_logger(__name__)

_STREAMED_SECONDS = 0.7
_REPLACED_SECONDS = 1.5
"""Faster sentences are shown together: Slack takes a hundred pieces of streams a minute, and fifty updates."""
_MOST_UPDATES = 3
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "streaming_state_conflict"}
"""Why a message cannot be replaced, and another is posted."""

Keep = Callable[[str], Awaitable[None]]
"""Told the `ts` of what was posted, as soon as it is."""
FindNext = Callable[[Answer], Awaitable[RelatedSection | None]]
"""A section to go on with after an answer."""


@dataclass(frozen=True, slots=True)
class Thread:
    """Where one question is answered."""

    client: AsyncWebClient
    question: Question
    links: SourceLinks
    keep: Keep

    async def say(self, reply: Reply, at: str | None = None) -> str:
        """Put a message in the place of the one `at`, or else post it; its `ts`.

        Raises:
            SlackApiError: Slack refuses it.
        """
        if at is not None and await self._replace(reply, at):
            return at
        place = self.question.place
        response = await self.client.chat_postMessage(
            channel=place.channel,
            thread_ts=self.question.thread,
            text=reply.text,
            blocks=reply.blocks,
            unfurl_links=False,
            unfurl_media=False,
        )
        ts = str(response["ts"])
        await self.keep(ts)
        return ts

    async def stop_stream(self, at: str) -> None:
        """End a stream as it is: nothing can replace a message that is being streamed."""
        with suppress(SlackApiError, ClientError, TimeoutError):
            await self.client.chat_stopStream(channel=self.question.place.channel, ts=at)

    async def _replace(self, reply: Reply, at: str) -> bool:
        """Whether the message `at` is `reply` now; not where it is gone. The same update twice does no harm."""
        for i in range(_MOST_UPDATES):
            is_last = i == _MOST_UPDATES - 1
            try:
                channel = self.question.place.channel
                await self.client.chat_update(channel=channel, ts=at, text=reply.text, blocks=reply.blocks)
                return True
            except SlackApiError as error:
                problem = problem_of(error)
                if problem == "streaming_state_conflict" and not is_last:
                    await self.stop_stream(at)
                elif problem in _GONE:
                    log.info("slack_message_not_replaced", problem=problem)
                    return False
                else:
                    raise
            except (ClientError, TimeoutError):
                if is_last:
                    raise
        return False


class Stream:
    """A message that grows while a language model writes it.

    It is streamed where Slack allows that and as long as it does (five minutes), and else replaced by a longer one.
    """

    def __init__(self, thread: Thread, find_next: FindNext) -> None:
        self._thread, self._find_next = thread, find_next
        self._markdown, self._text = StreamedText(thread.links.base_url), AnswerText()
        self._citations: list[Citation] = []
        self._ts = thread.question.reply
        self._is_streamed = self._ts is None
        self._is_stopped = False
        self._visible = self._pending = self._plain = ""
        self._shown_at = float("-inf")

    async def take(self, event: Event) -> None:
        """Show what an event brings, as far as Slack lets us."""
        if self._is_stopped:
            return
        if isinstance(event, CitationEvent):
            self._citations.append(event.data)
        elif isinstance(event, SentenceEvent):
            self._pending += self._markdown.add(event.data, self._citations)
            self._plain += self._text.add(event.data, self._citations)
            pause = _STREAMED_SECONDS if self._is_streamed else _REPLACED_SECONDS
            if monotonic() - self._shown_at >= pause:
                await self._show()

    async def stop(self) -> str | None:
        """Leave what is shown as it is; its `ts`, where anything is."""
        if self._is_streamed and self._ts is not None:
            await self._thread.stop_stream(self._ts)
        return self._ts

    async def end(self, answer: Answer) -> str:
        """Show the whole answer; the `ts` of its message.

        Raises:
            SlackApiError: Slack refuses it.
        """
        if self._is_stopped and self._ts is not None:
            return self._ts
        read_on = await self._find_next(answer)
        base_url = self._thread.links.base_url
        markdown = self._visible + self._pending
        # An extractive answer is set as the material sets it, which Markdown cannot.
        is_whole = answer.composer != "extractive" and len(markdown) <= LONGEST_MARKDOWN
        if self._is_streamed and self._ts is not None:
            if not is_whole:
                await self._leave_stream()
            elif await self._close(self._ts, closing_blocks(answer, base_url, read_on, len(markdown.encode()))):
                return self._ts
        return await self._thread.say(answer_reply(answer, base_url, read_on), at=self._ts)

    async def _show(self) -> None:
        text, self._pending = self._pending, ""
        self._visible += text
        if self._is_streamed and not await self._stream(text):
            await self._leave_stream()
        if not self._is_streamed:
            reply = partial_reply(self._plain, self._visible)
            with suppress(SlackApiError, *(() if self._ts is None else (ClientError, TimeoutError))):
                self._ts = await self._thread.say(reply, at=self._ts)
        self._shown_at = monotonic()

    async def _stream(self, text: str) -> bool:
        """Whether Slack took `text`."""
        if len(self._visible) > LONGEST_MARKDOWN:
            return False
        question, client = self._thread.question, self._thread.client
        channel = question.place.channel
        try:
            if self._ts is not None:
                await client.chat_appendStream(channel=channel, ts=self._ts, markdown_text=text)
                return True
            response = await client.chat_startStream(
                channel=channel,
                thread_ts=question.thread,
                recipient_team_id=question.place.team,
                recipient_user_id=question.member,
                markdown_text=text,
            )
        except SlackApiError as error:
            problem = problem_of(error)
            log.info("slack_stream_ended", problem=problem)
            # Another process may have been told of it.
            self._is_stopped = problem == "stopped_by_user"
            if self._is_stopped:
                await self.stop()
            return self._is_stopped
        except (ClientError, TimeoutError) as error:
            # Perhaps Slack took it: the whole text in its place is right in any case, a second message is not.
            if self._ts is None and not isinstance(error, ClientConnectorError):
                raise
            log.info("slack_stream_ended", problem=repr(error))
            return False
        self._ts = str(response["ts"])
        await self._thread.keep(self._ts)
        return True

    async def _close(self, ts: str, blocks: list[Block]) -> bool:
        """Whether the stream ended with what waits and with `blocks`."""
        try:
            await self._thread.client.chat_stopStream(
                channel=self._thread.question.place.channel,
                ts=ts,
                markdown_text=self._pending or None,
                blocks=blocks,
            )
        except SlackApiError as error:
            log.info("slack_stream_not_closed", problem=problem_of(error))
            await self._leave_stream()
            return False
        except (ClientError, TimeoutError) as error:
            log.info("slack_stream_not_closed", problem=repr(error))
            return False
        return True

    async def _leave_stream(self) -> None:
        self._is_streamed = False
        if self._ts is not None:
            await self._thread.stop_stream(self._ts)


def problem_of(error: SlackApiError) -> str:
    """Slack's name of an error; also where what answered was not Slack itself, but something before it."""
    response = error.response
    if isinstance(response, AsyncSlackResponse) and (name := response.get("error")):
        return str(name)
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    return "service_unavailable" if status >= 500 else f"HTTP {status}"
