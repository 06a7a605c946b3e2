"""Takes questions from Slack, each once, and answers them in their threads.

message → claim in the database → acknowledgement; claimed question → assistant → thread. Who claims a question holds it
for a minute at a time; one that nobody holds any more, as its process died, is taken up again.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from itertools import count
from typing import TypeVar
from weakref import WeakValueDictionary

import structlog
from aiohttp import ClientConnectorError, ClientError
from anyio import CapacityLimiter, to_thread
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from reperage.index.manifest import Manifest
from reperage.service.assistant import Assistant, Options
from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.contract.answer import Answer, RelatedSection
from reperage.service.contract.stream_events import DoneEvent, Event
from reperage.service.conversations.conversations import MOST_QUESTIONS
from reperage.service.database.engine import Database
from reperage.service.database.slack import (
    Place,
    Question,
    abandoned,
    ask_for_course,
    asked_before,
    claim,
    course_of,
    has_spoken,
    purge_slack,
    reopen,
)
from reperage.service.errors import CourseRequired, InvalidQuestion, ServiceError, StateUnavailable, UnknownCourse
from reperage.service.loading import Loading as Startup
from reperage.service.messages import messages
from reperage.service.slack.incoming import Addressed
from reperage.service.slack.lease import Held, NotOurs, until
from reperage.service.slack.posting import Stream, Thread, problem_of
from reperage.service.slack.rendering import Reply, notice, rendered, which_course
from reperage.service.sources.links import SourceLinks

log = structlog.get_logger(__name__)

T = TypeVar("T")
ClientOf = Callable[[str], Awaitable[AsyncWebClient | None]]
"""The client with the bot's token in a workspace; `None` where the app is not installed."""

MOST_ATTEMPTS = 5
LANGUAGE = "fr"
"""What is spoken where no course is chosen yet."""
_SWEEP_SECONDS = 15.0
_PURGE_EVERY = 240
"""Sweeps: an hour."""
_DAY_MS = 86_400_000
_SEEN_DAYS = 1
_KEPT_DAYS = 30
"""How long a thread is remembered where conversations are kept for ever."""
_WAIT_SECONDS = 0.2
_STATUS_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_READERS = 6
"""Threads that use the database: it has fifteen connections, for the whole process."""
_OPENERS = 2
_PASSING = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited"}
"""Errors of Slack's own, after which the same may succeed later: as a rule nothing was posted."""
_NOT_POSTED = (SlackApiError, ClientError, TimeoutError)


class _Stopped(Exception):
    """Whoever asked wants no more of the answer."""


class Desk:
    """For one event loop. `links` begin with nothing where nobody could open them."""

    def __init__(self, startup: Startup, database: Database, client_of: ClientOf, links: SourceLinks) -> None:
        self.links = links
        self._database = database
        self._startup = startup
        self._client_of = client_of
        self.limiter = CapacityLimiter(_READERS)
        """Threads that use the database."""
        # Apart from the others: an acknowledgement waits for the database alone.
        self._opening = CapacityLimiter(_OPENERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None
        self._written: set[tuple[tuple[str, str, str], asyncio.Timeout]] = set()
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def start(self) -> None:
        """Make the tables, where the database can be written, and look after questions that nobody holds any more."""
        try:
            await self.sql(Database.migrate)
        except StateUnavailable as error:
            log.error("slack_state_unavailable", problem=error.reason)
        self._sweeping = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Answer what can be answered in a moment; leave the rest to another process, or to the next start."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for _ in range(2):
            if tasks := list(self._tasks):
                await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)
            for task in self._tasks:
                task.cancel()

    async def sql(self, work: Callable[..., T], *arguments: object) -> T:
        """What a function of `reperage.service.database` finds in the database.

        Raises:
            StateUnavailable: it cannot be used.
        """
        return await to_thread.run_sync(work, self._database, *arguments, limiter=self.limiter)

    async def take(self, message: Addressed) -> None:
        """Claim a question, and begin to answer it; nothing where it is not for us, or was claimed already.

        Raises:
            StateUnavailable: it cannot be claimed now; Slack comes again.
        """
        place, thread = message.question.place, message.question.thread
        if message.only_in_thread and not await self.sql(has_spoken, place.team, place.channel, thread):
            return
        await self._claim(message.question)

    async def take_up(self, place: Place) -> None:
        """Answer a question that waited for its course."""
        if own := await self.sql(reopen, place, until()):
            self._begin(own)

    def stop(self, team: str, channel: str, thread: str) -> None:
        """Whoever asked wants no more of the answer that is being written in a thread."""
        for place, limit in self._written:
            if place == (team, channel, thread) and not limit.expired():
                limit.reschedule(0)

    async def ready(self) -> Assistant:
        """The assistant, once there is one.

        Raises:
            NotReady: the program could not start.
        """
        while not self._startup.is_ready and self._startup.error is None:
            await asyncio.sleep(_WAIT_SECONDS)
        return self._startup.assistant

    async def answer(self, text: str, caller: Caller, course: str | None) -> Reply:
        """Answer without a thread, for whoever is shown it alone.

        Raises:
            ServiceError: as `Assistant.answer` does.
        """
        assistant = await self.ready()
        answer = await assistant.answer(text, course, caller=caller, links=self.links)
        return rendered(answer, self.links.base_url, await self._read_on(answer, caller))

    async def course(self, name: str | None) -> Manifest | None:
        """What a course says of itself, the only one where `name` is none; `None` where it cannot be asked."""
        try:
            assistant = await self.ready()
            return (await to_thread.run_sync(assistant.courses.index, name, limiter=self._opening)).manifest
        except ServiceError:
            return None

    async def course_names(self) -> list[str]:
        """The names of all courses."""
        assistant = await self.ready()
        return await to_thread.run_sync(assistant.courses.names, limiter=self._opening)

    async def text(self, course: str | None) -> dict[str, str]:
        """The assistant's own words, in the language of a course where there is one."""
        found = await self.course(course)
        return messages(found.language if found else LANGUAGE)

    async def menu(self, ts: str) -> Reply:
        """Asks for the course that the question at `ts` is for."""
        found = [(name, await self.course(name)) for name in await self.course_names()]
        return which_course([(name, manifest.title) for name, manifest in found if manifest], ts, LANGUAGE)

    async def _claim(self, question: Question) -> None:
        if own := await self.sql(claim, question, until(), now()):
            if own.attempts > 1:
                log.warning("slack_question_taken_up", attempt=own.attempts)
            self._begin(own)

    async def _answered(self, question: Question) -> None:
        """Answer one question that is ours, holding it meanwhile; whatever fails is told in the log."""
        own = Held(self.sql, question)
        try:
            async with own.held():
                client = await self._client_of(question.place.team)
                if client is not None:
                    thread = Thread(client, question, self.links.base_url, own.posted)
                    own.answer_id, own.reply = await self._answer(thread)
                await own.end()
        except SlackApiError as error:
            problem = problem_of(error)
            log.error("slack_answer_not_posted", problem=problem, attempt=question.attempts)
            if problem not in _PASSING:
                await own.end()
        except ClientConnectorError as error:
            log.warning("slack_unreachable", problem=str(error), attempt=question.attempts)
        except (ClientError, TimeoutError) as error:
            # Slack may have taken the message or not: asked again, it would perhaps stand there twice.
            log.error("slack_answer_perhaps_lost", problem=repr(error))
            await own.end()
        except NotOurs:
            log.warning("slack_question_lost", attempt=question.attempts)
        except StateUnavailable as error:
            log.error("slack_state_unavailable", problem=error.reason)
        except asyncio.CancelledError:
            await own.release()
            raise

    async def _answer(self, thread: Thread) -> tuple[str | None, str | None]:
        """Answer a question in its thread; the answer's id, where there is one, and the `ts` of what was said."""
        question = thread.question
        place = question.place
        caller = Caller(question.person, channel="slack")
        course = await self.sql(course_of, place.team, place.channel)
        status = asyncio.create_task(self._say_that_it_works(thread, course))
        try:
            assistant = await self.ready()
            if not question.text:
                return None, await self._say(thread, notice((await self.text(course))["slack_help"]))
            options = Options(
                caller=caller,
                links=self.links,
                conversation_id=_name(place.team, place.channel, question.thread, question.person, course or ""),
                earlier=await self.sql(asked_before, question, MOST_QUESTIONS),
                answer_id=_name(place.team, place.channel, place.ts),
            )
            if assistant.generates:
                await status
                return await self._write(thread, assistant.stream(question.text, course, **options), caller)
            answer = await assistant.answer(question.text, course, **options)
            reply = rendered(answer, thread.base_url, await self._read_on(answer, caller))
            await status
            return answer.id, await self._say(thread, reply)
        except (*_NOT_POSTED, StateUnavailable):
            raise
        except CourseRequired:
            return None, await self._ask_for_course(thread, None)
        except UnknownCourse:
            return None, await self._ask_for_course(thread, course)
        except InvalidQuestion:
            return None, await self._say(thread, notice((await self.text(course))["slack_invalid"]))
        except Exception as error:
            unexpected = None if isinstance(error, ServiceError) else error
            log.error("slack_not_answered", problem=str(error), exc_info=unexpected)
            return None, await self._say(thread, notice((await self.text(course))["slack_unavailable"]))
        finally:
            status.cancel()

    async def _write(
        self, thread: Thread, events: AsyncGenerator[Event], caller: Caller
    ) -> tuple[str | None, str | None]:
        """Show an answer while a language model writes it, until it ends or is stopped."""
        stream = Stream(thread, partial(self._read_on, caller=caller))
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
                self._written.add((place, limit))
                yield
        except TimeoutError:
            if limit.expired():
                raise _Stopped from None
            raise
        finally:
            self._written.discard((place, limit))

    async def _ask_for_course(self, thread: Thread, gone: str | None) -> str:
        """Ask which course a channel is about; once, from then on it is only said that it is not chosen yet."""
        place = thread.question.place
        is_first = await self.sql(ask_for_course, place.team, place.channel, gone)
        # Who asked for the first time may have died before it was said.
        if is_first or thread.question.attempts > 1 or place.channel.startswith("D"):
            return await self._say(thread, await self.menu(place.ts))
        return await self._say(thread, notice(messages(LANGUAGE)["slack_no_course_yet"]))

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
        text = await self.text(course)
        try:
            async with asyncio.timeout(_STATUS_SECONDS):
                await thread.client.assistant_threads_setStatus(
                    channel_id=place.channel, thread_ts=thread.question.thread, status=text["slack_searching"]
                )
        except _NOT_POSTED as error:
            log.info("slack_status_not_shown", problem=str(error))

    async def _read_on(self, answer: Answer, caller: Caller) -> RelatedSection | None:
        assistant = self._startup.assistant
        if not self.links.base_url:
            return None
        find = partial(assistant.read_on, answer, caller=caller, links=self.links)
        return await to_thread.run_sync(find, limiter=assistant.limiter)

    async def _sweep(self) -> None:
        """Take up what nobody holds any more, and remove what is old."""
        for i in count():
            try:
                for question in await self.sql(abandoned, now(), MOST_ATTEMPTS):
                    await self._claim(question)
                if i % _PURGE_EVERY == 0:
                    days = self._startup.settings.retention_days or _KEPT_DAYS
                    await self.sql(purge_slack, now() - days * _DAY_MS, now() - _SEEN_DAYS * _DAY_MS)
            except StateUnavailable as error:
                log.warning("slack_state_unavailable", problem=error.reason)
            except Exception:
                log.exception("slack_sweep_failed")
            await asyncio.sleep(_SWEEP_SECONDS)

    def _begin(self, question: Question) -> None:
        task = asyncio.create_task(self._answered(question))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("slack_question_failed", exc_info=error)


def _name(*parts: str) -> str:
    """A name that is the same for the same parts, so that what is tried again is kept once."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
