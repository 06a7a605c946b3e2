"""Takes questions from Slack, each once, and has them answered in their threads.

message → claim in the database → acknowledgement; claimed question → assistant → thread. Who claims a question holds it
for a minute at a time; one that nobody holds any more, as its process died, is taken up again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from reperage.service.background import LeaseLost
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.slack import Place, Question, abandoned_questions, claim, has_spoken, purge_slack, reopen
from reperage.service.errors import StateUnavailable
from reperage.service.slack.answers import Answers
from reperage.service.slack.database_threads import DatabaseThreads
from reperage.service.slack.incoming import IncomingQuestion
from reperage.service.slack.lease import QuestionLease, lease_end
from reperage.service.slack.posting import Thread, problem_of
from reperage.service.sources.links import SourceLinks

log = structlog.get_logger(__name__)

ClientOf = Callable[[str], Awaitable[AsyncWebClient | None]]
"""The client with the bot's token in a workspace; `None` where the app is not installed."""

MOST_ATTEMPTS = 5
_SWEEP_SECONDS = 15.0
_PURGE_EVERY = 240
"""Sweeps: an hour."""
_DAY_MS = 86_400_000
_SEEN_DAYS = 1
_KEPT_DAYS = 30
"""How long a thread is remembered where conversations are kept for ever."""
_MOST_LINKS = 10_000
"""Questions whose links are remembered until they are answered."""
_CLOSE_SECONDS = 5.0
_PASSING = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited"}
"""Errors of Slack's own, after which the same may succeed later: as a rule nothing was posted."""


class QuestionWorker:
    """Holds the questions of one event loop while they are answered, each in a task of its own."""

    def __init__(
        self,
        database: DatabaseThreads,
        client_of: ClientOf,
        answers: Answers,
        retention_days: int,
        links: SourceLinks,
    ) -> None:
        """`retention_days`: threads are forgotten so long after their last question; after a month where it is 0.
        `links`: those of questions that another process, or one before this, had begun to answer."""
        self._database, self._client_of, self._answers, self._links = database, client_of, answers, links
        # Those of the questions that this process has taken, until they are answered or another's.
        self._links_of: dict[Place, SourceLinks] = {}
        self._retention_days = retention_days or _KEPT_DAYS
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeps: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the tables, where the database can be written, and look after questions that nobody holds any more."""
        try:
            await self._database.run_in_thread(Database.migrate)
        except StateUnavailable as error:
            log.error("slack_state_unavailable", problem=error.reason)
        self._sweeps = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Answer what can be answered in a moment; leave the rest to another process, or to the next start."""
        if self._sweeps is not None:
            self._sweeps.cancel()
        for _ in range(2):
            if tasks := list(self._tasks):
                await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)
            for task in self._tasks:
                task.cancel()

    async def take(self, message: IncomingQuestion, links: SourceLinks) -> None:
        """Claim a question, and begin to answer it; nothing where it is not for us, or was claimed already.

        Raises:
            StateUnavailable: it cannot be claimed now; Slack comes again.
        """
        place, thread = message.question.place, message.question.thread
        if message.only_in_thread and not await self._database.run_in_thread(
            has_spoken, place.team, place.channel, thread
        ):
            return
        await self._claim(message.question, links)

    async def take_up(self, place: Place, links: SourceLinks) -> None:
        """Answer a question that waited for its course."""
        if question := await self._database.run_in_thread(reopen, place, lease_end()):
            self._begin(question, links)

    async def _claim(self, question: Question, links: SourceLinks) -> None:
        if own := await self._database.run_in_thread(claim, question, lease_end(), now()):
            if own.attempts > 1:
                log.warning("slack_question_taken_up", attempt=own.attempts)
            self._begin(own, links)

    def _begin(self, question: Question, links: SourceLinks) -> None:
        self._links_of[question.place] = links
        if len(self._links_of) > _MOST_LINKS:
            self._links_of.pop(next(iter(self._links_of)))
        task = asyncio.create_task(self._answer(question, links))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("slack_question_failed", exc_info=error)

    async def _answer(self, question: Question, links: SourceLinks) -> None:
        """Answer one question that is ours, holding it meanwhile; whatever fails is told in the log."""
        lease = QuestionLease(self._database, question)
        try:
            async with lease.held():
                client = await self._client_of(question.place.team)
                if client is not None:
                    thread = Thread(client, question, links, lease.keep_reply)
                    lease.answer_id, lease.reply = await self._answers.in_thread(thread)
                await self._end_question(lease, question)
        except SlackApiError as error:
            problem = problem_of(error)
            log.error("slack_answer_not_posted", problem=problem, attempt=question.attempts)
            if problem not in _PASSING:
                await self._end_question(lease, question)
        except ClientConnectorError as error:
            log.warning("slack_unreachable", problem=str(error), attempt=question.attempts)
        except (ClientError, TimeoutError) as error:
            # Slack may have taken the message or not: asked again, it would perhaps stand there twice.
            log.error("slack_answer_perhaps_lost", problem=repr(error))
            await self._end_question(lease, question)
        except LeaseLost:
            self._links_of.pop(question.place, None)
            log.warning("slack_question_lost", attempt=question.attempts)
        except StateUnavailable as error:
            log.error("slack_state_unavailable", problem=error.reason)
        except asyncio.CancelledError:
            await lease.release()
            raise

    async def _end_question(self, lease: QuestionLease, question: Question) -> None:
        """It is answered, or will not be."""
        await lease.end()
        self._links_of.pop(question.place, None)

    async def _sweep(self) -> None:
        """Take up what nobody holds any more, and remove what is old."""
        for i in count():
            try:
                for question in await self._database.run_in_thread(abandoned_questions, now(), MOST_ATTEMPTS):
                    await self._claim(question, self._links_of.get(question.place, self._links))
                if i % _PURGE_EVERY == 0:
                    ended_before, seen_before = (now() - days * _DAY_MS for days in (self._retention_days, _SEEN_DAYS))
                    await self._database.run_in_thread(purge_slack, ended_before, seen_before)
            except StateUnavailable as error:
                log.warning("slack_state_unavailable", problem=error.reason)
            except Exception:
                log.exception("slack_sweep_failed")
            await asyncio.sleep(_SWEEP_SECONDS)
