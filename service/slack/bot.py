"""What Slack sends, to what is done: one app of slack-bolt for HTTP and for Socket Mode."""

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any

import structlog
from aiohttp import ClientError
from anyio import to_thread
from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from reperage.service.access.document_grants import links_from_anywhere
from reperage.service.caller import Caller
from reperage.service.clock import now
from reperage.service.conversations.feedback import rate
from reperage.service.database.slack import Place, is_first
from reperage.service.errors import (
    CourseRequired,
    InvalidQuestion,
    ServiceError,
    StateUnavailable,
    UnknownAnswer,
    UnknownCourse,
)
from reperage.service.messages import messages
from reperage.service.services import Services
from reperage.service.slack.answers import Answers
from reperage.service.slack.courses import LANGUAGE, SlackCourses
from reperage.service.slack.credentials import Credentials
from reperage.service.slack.database_threads import DatabaseThreads
from reperage.service.slack.incoming import incoming_question, pseudonym
from reperage.service.slack.question_worker import QuestionWorker
from reperage.service.slack.rendering import COURSE, MISSING, RATE, READ_ON, Reply, notice
from reperage.service.slack.text import readable_text
from reperage.service.slack.workspaces import Grant, Workspaces
from reperage.service.sources.links import SourceLinks
from reperage.service.suggestions.suggestions import suggestions

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]
Next = Callable[[], Awaitable[Any]]
Respond = Callable[..., Awaitable[Any]]

LINKS = "repere_links"
"""Under which name the context of a request holds its links."""
COMMAND = "/repere"
SHORTCUT = "demander_a_repere"
_SECONDS = 30
_MOST_LIMITED = 60
"""How often a call that Slack puts off is tried again, each time when Slack says."""
_REPLAY_SECONDS = 600
"""Longer than a signature is good for."""
_MOST_SIGNATURES = 50_000


class Bot:
    """The app, its clients, and who answers questions; for one event loop."""

    def __init__(self, services: Services, credentials: Credentials) -> None:
        self._services, self._managers = services, credentials.managers
        self.workspaces = Workspaces(services.database, services.secret_keys, credentials.bot_token)
        self.database = DatabaseThreads(services.database)
        self._courses = SlackCourses(services.loading, self.database, self._may_choose)
        self._links = links_from_anywhere(services.settings, services.tokens.grant)
        self.answers = Answers(self._courses, self.database)
        days = services.settings.retention_days
        self.questions = QuestionWorker(self.database, self.client_of, self.answers, days, self._links)
        self._signatures = _Signatures()
        # What the library would say of failures is said below, with the workspace.
        quiet = logging.getLogger("slack_bolt")
        quiet.setLevel(logging.CRITICAL)

        # No methods: the library would look for `self` in what it hands over.
        async def authorize(team_id: str | None) -> AuthorizeResult | None:
            grant = await self._grant(team_id) if team_id else None
            if grant is None:
                log.error("slack_workspace_unknown", workspace=team_id)
                return None
            return AuthorizeResult(enterprise_id=None, team_id=team_id, bot_token=grant.token)

        async def fail(error: Exception, request: AsyncBoltRequest) -> BoltResponse:
            _log(error)
            self._signatures.forget(_signature(request))
            return BoltResponse(status=503, body="come again")

        self.app = AsyncApp(
            logger=quiet,
            name="repere",
            signing_secret=credentials.signing_secret,
            client=self.client(None),
            authorize=authorize,  # type: ignore[arg-type]  # None: it is not installed there.
            attaching_conversation_kwargs_enabled=False,
            request_verification_enabled=False,  # service/slack/http.py has done it.
        )
        self.app.error(fail)
        self._listen()

    def client(self, token: str | None) -> AsyncWebClient:
        """A client that waits where Slack says so, and repeats nothing that may have been done.

        Each call has a connection of its own: one that was kept may be closed just when a message goes into it, and
        nobody could tell whether that arrived.
        """
        return AsyncWebClient(
            token,
            base_url=str(self._services.settings.slack_api_url),
            timeout=_SECONDS,
            trust_env_in_session=True,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_MOST_LIMITED)],
        )

    async def client_of(self, team: str) -> AsyncWebClient | None:
        """The client with the bot's token in a workspace; `None` where the app is not installed."""
        grant = await self._grant(team)
        return self.client(grant.token) if grant else None

    async def _may_choose(self, team: str, member: str) -> bool:
        """Whether a member may choose the course of a channel: whoever is named, or installed the app."""
        if member in self._managers:
            return True
        grant = await self._grant(team)
        return grant is not None and grant.installer == member

    async def _grant(self, team: str) -> Grant | None:
        return await to_thread.run_sync(self.workspaces.grant, team, limiter=self.database.limiter)

    def _listen(self) -> None:
        app = self.app
        app.use(self._once)
        for event in ("app_mention", "message"):
            app.event(event, middleware=[self._take])(_nothing)
        for event in ("app_uninstalled", "tokens_revoked"):
            app.event(event, middleware=[self._forget])(_nothing)
        app.event("app_home_opened")(self._after_acknowledgement(self._suggest))
        app.event("agent_session_stopped")(self._after_acknowledgement(self._stop))
        app.event(re.compile(".*"))(_nothing)
        app.command(COMMAND)(self._after_acknowledgement(self._command))
        app.shortcut(SHORTCUT)(self._after_acknowledgement(self._shortcut))
        app.action(RATE)(self._after_acknowledgement(self._rate))
        app.action(MISSING)(self._after_acknowledgement(self._rate))
        app.action(COURSE)(self._after_acknowledgement(self._take_choice))
        app.action(READ_ON)(self._after_acknowledgement(_follow_link))

    def _after_acknowledgement(
        self, work: Callable[[Body, Respond, SourceLinks], Awaitable[None]]
    ) -> Callable[..., Awaitable[None]]:
        """Does what was sent after Slack was told that it arrived; what fails is said, where there is somebody to
        tell."""

        async def listener(ack: Respond, body: Body, respond: Respond, context: AsyncBoltContext) -> None:
            await ack()
            try:
                await work(body, respond, self._links_of(context))
            except Exception as error:
                _log(error)
                if "response_url" in body:
                    await _say(respond, notice(messages(LANGUAGE)["slack_unavailable"]))

        return listener

    def _links_of(self, context: AsyncBoltContext) -> SourceLinks:
        """The links of the request that Slack made; in Socket Mode there is none."""
        links: SourceLinks = context.get(LINKS, self._links)
        return links

    async def _once(self, request: AsyncBoltRequest, body: Body, next_: Next) -> BoltResponse | None:
        """Nothing is done twice for one signature: requests that Slack sends again are signed anew."""
        signature = _signature(request)
        if signature and not await self._is_new(signature, body.get("event", {}).get("type")):
            return BoltResponse(status=401, body="this request was made before")
        await next_()
        return None

    async def _is_new(self, signature: str, event: str | None) -> bool:
        """Whether no process saw a signature; of messages only whether this one did not: they are told apart by their
        place."""
        if not self._signatures.add(signature):
            return False
        if event in ("message", "app_mention"):
            return True
        name = "request:" + hashlib.sha256(signature.encode()).hexdigest()
        try:
            return await self.database.run_in_thread(is_first, name, now())
        except StateUnavailable as error:
            log.warning("slack_state_unavailable", problem=error.reason)
            return True

    async def _take(self, body: Body, context: AsyncBoltContext, next_: Next) -> None:
        """Claim what is addressed to us before Slack is told that it arrived."""
        message = incoming_question(body)
        if message is not None:
            await self.questions.take(message, self._links_of(context))
        await next_()

    async def _suggest(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        """Questions to begin with, where somebody opens the messages with the app."""
        team, event = body["team_id"], body["event"]
        channel = event.get("channel")
        client = await self.client_of(team)
        if event.get("tab") != "messages" or not channel or client is None:
            return
        assistant = await self._courses.assistant()
        course = await self._courses.of_channel(team, channel)

        def find() -> tuple[list[str], str]:
            index = assistant.courses.index(course)
            return suggestions(assistant, index), index.manifest.language

        try:
            questions, language = await to_thread.run_sync(find, limiter=assistant.limiter)
            if questions:
                await client.assistant_threads_setSuggestedPrompts(
                    channel_id=channel,
                    title=messages(language)["slack_prompts"],
                    prompts=[{"title": question, "message": question} for question in questions],
                )
        except (ServiceError, SlackApiError, ClientError, TimeoutError) as error:
            log.info("slack_prompts_not_shown", problem=str(error))

    async def _stop(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        event = body["event"]
        self.answers.stop(body["team_id"], event["channel"], event["thread_ts"])

    async def _forget(self, body: Body, next_: Next) -> None:
        """The app was removed from a workspace, or its token was."""
        event = body["event"]
        if event["type"] == "app_uninstalled" or (event.get("tokens") or {}).get("bot"):
            await to_thread.run_sync(self.workspaces.remove, body["team_id"], limiter=self.database.limiter)
            log.info("slack_workspace_removed", workspace=body["team_id"])
        await next_()

    async def _command(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        team, channel, member = body["team_id"], body["channel_id"], body["user_id"]
        text = readable_text(body.get("text") or "")
        word, *rest = text.split() or [""]
        if word.lower() in ("aide", "help") and not rest:
            text = ""
        if word.lower() in ("oublie-moi", "forget-me") and not rest:
            await to_thread.run_sync(self._services.conversations.forget, pseudonym(team, member))
            text_here = await self._courses.text(await self._courses.of_channel(team, channel))
            await _say(respond, notice(text_here["slack_forgotten"]))
        elif word.lower() in ("cours", "course", "courses") and len(rest) <= 1:
            await _say(respond, await self._courses.command(team, channel, member, *rest))
        else:
            await _say(respond, await self._answer_alone(team, channel, member, text, links))

    async def _take_choice(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        """Somebody chose the course that was asked for: from now on it is this channel's, and the question is
        answered."""
        action = body["actions"][0]
        team, channel, member = body["team"]["id"], body["channel"]["id"], body["user"]["id"]
        is_chosen, reply = await self._courses.choose(team, channel, member, action["selected_option"]["value"])
        await _say(respond, reply, replace_original=is_chosen)
        if is_chosen:
            await self.questions.take_up(Place(team, channel, action["block_id"].removeprefix("course:")), links)

    async def _shortcut(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        """Answer somebody's message, to whoever asked for it alone."""
        message, team, channel, member = body["message"], body["team"]["id"], body["channel"]["id"], body["user"]["id"]
        # A bot's message asks nothing.
        text = "" if message.get("bot_id") else readable_text(message.get("text") or "")
        await _say(respond, await self._answer_alone(team, channel, member, text, links))

    async def _answer_alone(self, team: str, channel: str, member: str, text: str, links: SourceLinks) -> Reply:
        """The answer for one person's eyes."""
        course = await self._courses.of_channel(team, channel)
        if not text:
            return notice((await self._courses.text(course))["slack_help"])
        try:
            caller = Caller(pseudonym(team, member), channel="slack")
            return await self.answers.alone(text, course, caller, links)
        except (CourseRequired, UnknownCourse):
            return await self._courses.menu("")
        except InvalidQuestion:
            return notice((await self._courses.text(course))["slack_invalid"])

    async def _rate(self, body: Body, respond: Respond, links: SourceLinks) -> None:
        """Keep what the person who asked thinks of an answer."""
        team, channel = body["team"]["id"], body["channel"]["id"]
        rating, _, answer_id = str(body["actions"][0]["value"]).partition(":")
        caller = Caller(pseudonym(team, body["user"]["id"]), channel="slack")
        keep = partial(rate, self._services.conversations, answer_id, caller, rating, None)
        try:
            await to_thread.run_sync(keep)
            thanks = "slack_missing_said" if rating == "missing" else "slack_thanks"
        except UnknownAnswer:
            thanks = "slack_not_yours"
        text = await self._courses.text(await self._courses.of_channel(team, channel))
        await _say(respond, notice(text[thanks]))


class _Signatures:
    """The signatures of the last minutes."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, float] = OrderedDict()

    def add(self, signature: str) -> bool:
        """Whether it is new."""
        at = monotonic()
        while self._ends and (len(self._ends) >= _MOST_SIGNATURES or next(iter(self._ends.values())) < at):
            self._ends.popitem(last=False)
        if signature in self._ends:
            return False
        self._ends[signature] = at + _REPLAY_SECONDS
        return True

    def forget(self, signature: str) -> None:
        """Nothing was done for it."""
        self._ends.pop(signature, None)


def _signature(request: AsyncBoltRequest) -> str:
    """The signature of a request; empty in Socket Mode."""
    return str(next(iter(request.headers.get("x-slack-signature", ())), ""))


def _log(error: Exception) -> None:
    problem = error.reason if isinstance(error, StateUnavailable) else str(error)
    log.error("slack_request_failed", problem=problem, exc_info=None if isinstance(error, ServiceError) else error)


async def _say(respond: Respond, reply: Reply, *, replace_original: bool = False) -> None:
    """Answer to where a command or a button came from, for the eyes of whoever used it."""
    try:
        response = await respond(
            text=reply.text,
            blocks=reply.blocks,
            response_type="ephemeral",
            replace_original=replace_original,
            unfurl_links=False,
        )
    except (ClientError, TimeoutError) as error:
        log.error("slack_not_said", problem=repr(error))
        return
    if response.status_code != 200:
        log.error("slack_not_said", problem=response.body)


async def _nothing() -> None:
    """Slack is told that it arrived."""


async def _follow_link(body: Body, respond: Respond, links: SourceLinks) -> None:
    """A link was followed, which Slack tells of."""
