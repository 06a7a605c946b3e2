"""The courses as Slack shows them and as channels choose them, as soon as the assistant is there."""

import asyncio
from collections.abc import Awaitable, Callable

from anyio import CapacityLimiter, to_thread

from reperage.index.manifest import Manifest
from reperage.service.assistant import Assistant
from reperage.service.database.slack import course_of, set_course
from reperage.service.errors import ServiceError
from reperage.service.loading import Loading
from reperage.service.messages import messages
from reperage.service.slack.database_threads import DatabaseThreads
from reperage.service.slack.rendering import Reply, course_menu, notice
from reperage.service.slack.text import escape

LANGUAGE = "fr"
"""What is spoken where no course is chosen yet."""
_WAIT_SECONDS = 0.2
_OPENERS = 2
_LONGEST_LIST = 2000
"""Characters of the courses' names in a message."""
MayChoose = Callable[[str, str], Awaitable[bool]]


class SlackCourses:
    """What Slack is told of the courses, and in which language; each method waits for the assistant."""

    def __init__(self, loading: Loading, database: DatabaseThreads, may_choose: MayChoose) -> None:
        """`may_choose`: whether a member of a workspace may choose the course of its channels."""
        self._loading, self._database, self._may_choose = loading, database, may_choose
        # Threads apart from those that use the database: an acknowledgement waits for the database alone.
        self._limiter = CapacityLimiter(_OPENERS)

    async def assistant(self) -> Assistant:
        """The assistant, once there is one.

        Raises:
            NotReady: the program could not start.
        """
        while not self._loading.is_ready and self._loading.error is None:
            await asyncio.sleep(_WAIT_SECONDS)
        return self._loading.assistant

    async def manifest(self, name: str | None) -> Manifest | None:
        """What a course says of itself, the only one where `name` is none; `None` where it cannot be asked."""
        try:
            assistant = await self.assistant()
            return (await to_thread.run_sync(assistant.courses.index, name, limiter=self._limiter)).manifest
        except ServiceError:
            return None

    async def names(self) -> list[str]:
        """The names of all courses."""
        assistant = await self.assistant()
        return await to_thread.run_sync(assistant.courses.names, limiter=self._limiter)

    async def text(self, course: str | None) -> dict[str, str]:
        """The assistant's own words, in the language of a course where there is one."""
        manifest = await self.manifest(course)
        return messages(manifest.language if manifest else LANGUAGE)

    async def menu(self, ts: str) -> Reply:
        """Asks for the course that the question at `ts` is for."""
        manifests = [(name, await self.manifest(name)) for name in await self.names()]
        return course_menu([(name, manifest.title) for name, manifest in manifests if manifest], ts, LANGUAGE)

    async def of_channel(self, team: str, channel: str) -> str | None:
        """The course of a channel or of direct messages, where one was chosen."""
        return await self._database.run_in_thread(course_of, team, channel)

    async def command(self, team: str, channel: str, member: str, name: str = "") -> Reply:
        """What `/repere cours` is answered: which courses there are and which is this place's; with a name it is chosen
        for it."""
        if name and await self.manifest(name.lower()):
            return (await self.choose(team, channel, member, name.lower()))[1]
        here = await self.of_channel(team, channel)
        manifest = await self.manifest(here) if here else None
        text = await self.text(here)
        lines = [text["slack_course_unknown"].format(course=escape(name[:80].replace("`", "")))] if name else []
        lines.append(text["slack_courses"].format(courses=_list_of(await self.names())))
        if manifest and not name:
            lines.append(text["slack_course_here"].format(course=escape(manifest.title)))
        return notice("\n".join(lines))

    async def choose(self, team: str, channel: str, member: str, name: str) -> tuple[bool, Reply]:
        """Choose the course of a place, where this person may: everybody for their own direct messages, for a channel
        whoever is named or installed the app. Whether it was chosen, and what to say."""
        manifest = await self.manifest(name)
        text = await self.text(name)
        if manifest is None:
            return False, await self.menu("")
        if not channel.startswith("D") and not await self._may_choose(team, member):
            return False, notice(text["slack_not_allowed"].format(member=member))
        await self._database.run_in_thread(set_course, team, channel, name)
        return True, notice(text["slack_course_chosen"].format(course=escape(manifest.title)))


def _list_of(names: list[str]) -> str:
    """As many of the courses' names as a message holds."""
    text = ", ".join(f"`{name}`" for name in names)
    return text if len(text) <= _LONGEST_LIST else text[:_LONGEST_LIST].rpartition(",")[0] + "…"
