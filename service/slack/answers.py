"""Answers one question: in its thread, or to whoever asked alone."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from weakref import WeakValueDictionary

import structlog
from aiohttp import ClientError
from anyio import to_thread
from slack_sdk.errors import SlackApiError

from reperage.service.assistant import Options
from reperage.service.caller import Caller
from reperage.service.contract.answer import Answer, RelatedSection
from reperage.service.contract.stream_events import DoneEvent, Event
from reperage.service.conversations.conversations import MOST_QUESTIONS
from reperage.service.database.slack import ask_for_course, course_of, questions_before
from reperage.service.errors import CourseRequired, InvalidQuestion, ServiceError, StateUnavailable, UnknownCourse
from reperage.service.messages import messages
from reperage.service.slack.courses import LANGUAGE, SlackCourses
from reperage.service.slack.database_threads import DatabaseThreads
from reperage.service.slack.posting import Stream, Thread
from reperage.service.slack.rendering import Reply, answer_reply, notice
from reperage.service.sources.links import SourceLinks

log = structlog.get_logger(__name__)

_STATUS_SECONDS = 2.0
_NOT_POSTED = (SlackApiError, ClientError, TimeoutError)


class _Stopped(Exception):
    """Whoever asked wants no more of the answer."""


class Answers:
    """For one event loop. Links that begin with nothing are shown nowhere: nobody could open them."""

    def __init__(self, courses: SlackCourses, database: DatabaseThreads) -> None:
        self._courses, self._database = courses, database
        self._streams: set[tuple[tuple[str, str, str], asyncio.Timeout]] = set()
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def alone(self, text: str, course: str | None, caller: Caller, links: SourceLinks) -> Reply:
        """Answer without a thread, for whoever is shown it alone.

        Raises:
            ServiceError: as `Assistant.answer` does.
        """
        assistant = await self._courses.assistant()
        answer = await assistant.answer(text, course, caller=caller, links=links)
        return answer_reply(answer, links.base_url, await self._read_on(answer, caller, links))

    async def in_thread(self, thread: Thread) -> tuple[str | None, str | None]:
        """Answer a question in its thread; the answer's id, where there is one, and the `ts` of what was said.

        Raises:
            SlackApiError, ClientError, TimeoutError: it could not be said.
            StateUnavailable: the database cannot be used.
        """
        question = thread.question
        place = question.place
        caller = Caller(question.person, channel="slack")
        course = await self._database.run_in_thread(course_of, place.team, place.channel)
        status = asyncio.create_task(self._say_that_it_works(thread, course))
        try:
            assistant = await self._courses.assistant()
            if not question.text:
                return None, await self._notice(thread, course, "slack_help")
            options = Options(
                caller=caller,
                links=thread.links,
                conversation_id=_name(place.team, place.channel, question.thread, question.person, course or ""),
                earlier=await self._database.run_in_thread(questions_before, question, MOST_QUESTIONS),
                answer_id=_name(place.team, place.channel, place.ts),
            )
            if assistant.generates:
                await status
                return await self._stream(thread, assistant.stream(question.text, course, **options), caller)
            answer = await assistant.answer(question.text, course, **options)
            reply = answer_reply(answer, thread.links.base_url, await self._read_on(answer, caller, thread.links))
            await status
            return answer.id, await self._say(thread, reply)
        except (*_NOT_POSTED, StateUnavailable):
            raise
        except CourseRequired:
            return None, await self._ask_for_course(thread, None)
        except UnknownCourse:
            return None, await self._ask_for_course(thread, course)
        except InvalidQuestion:
            return None, await self._notice(thread, course, "slack_invalid")
        except Exception as error:
            unexpected = None if isinstance(error, ServiceError) else error
            log.error("slack_not_answered", problem=str(error), exc_info=unexpected)
            return None, await self._notice(thread, course, "slack_unavailable")
        finally:
            status.cancel()

    def stop(self, team: str, channel: str, thread: str) -> None:
        """Whoever asked wants no more of the answer that is being written in a thread."""
        for place, limit in self._streams:
            if place == (team, channel, thread) and not limit.expired():
                limit.reschedule(0)

    async def _stream(
        self, thread: Thread, events: AsyncGenerator[Event], caller: Caller
    ) -> tuple[str | None, str | None]:
        """Show an answer while a language model writes it, until it ends or is stopped."""
        stream = Stream(thread, partial(self._read_on, caller=caller, links=thread.links))
        place = thread.question.place
        try:
            async with aclosing(events), self._until_stopped((place.team, place.channel, thread.question.thread)):
                async for event in events:
                    if isinstance(event, DoneEvent):
                        return event.data.id, await stream.end(event.data)
                    await stream.take(event)
        except _Stopped:
            return None, await stream.stop()
        raise AssertionError("a stream ends with its answer")

    @asynccontextmanager
    async def _until_stopped(self, place: tuple[str, str, str]) -> AsyncIterator[None]:
        """Raises `_Stopped` in the block once `stop` is told its place."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._streams.add((place, limit))
                yield
        except TimeoutError:
            if limit.expired():
                raise _Stopped from None
            raise
        finally:
            self._streams.discard((place, limit))

    async def _ask_for_course(self, thread: Thread, gone: str | None) -> str:
        """Ask which course a channel is about; once, from then on it is only said that it is not chosen yet."""
        place = thread.question.place
        is_first = await self._database.run_in_thread(ask_for_course, place.team, place.channel, gone)
        # Who asked for the first time may have died before it was said.
        if is_first or thread.question.attempts > 1 or place.channel.startswith("D"):
            return await self._say(thread, await self._courses.menu(place.ts))
        return await self._say(thread, notice(messages(LANGUAGE)["slack_no_course_yet"]))

    async def _notice(self, thread: Thread, course: str | None, name: str) -> str:
        """Say a sentence of the assistant's own, in the language of the course."""
        return await self._say(thread, notice((await self._courses.text(course))[name]))

    async def _say(self, thread: Thread, reply: Reply) -> str:
        """Say something in the thread, after what is being said in its channel: Slack takes about a message a second
        there, and whoever waits for that keeps the others from asking in vain."""
        place = thread.question.place
        turn = self._turns.setdefault((place.team, place.channel), asyncio.Lock())
        async with turn:
            return await thread.say(reply, at=thread.question.reply)

    async def _say_that_it_works(self, thread: Thread, course: str | None) -> None:
        """The line below a direct message that says what is being done; it goes with the answer."""
        place = thread.question.place
        if not place.channel.startswith("D"):
            return
        text = await self._courses.text(course)
        try:
            async with asyncio.timeout(_STATUS_SECONDS):
                await thread.client.assistant_threads_setStatus(
                    channel_id=place.channel, thread_ts=thread.question.thread, status=text["slack_searching"]
                )
        except _NOT_POSTED as error:
            log.info("slack_status_not_shown", problem=str(error))

    async def _read_on(self, answer: Answer, caller: Caller, links: SourceLinks) -> RelatedSection | None:
        if not links.base_url:
            return None
        assistant = await self._courses.assistant()
        find = partial(assistant.read_on, answer, caller=caller, links=links)
        return await to_thread.run_sync(find, limiter=assistant.limiter)


def _name(*parts: str) -> str:
    """A name that is the same for the same parts, so that what is tried again is kept once."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
