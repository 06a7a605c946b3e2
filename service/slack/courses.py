"""The courses as Slack shows them, as soon as the assistant is there."""

import asyncio

from anyio import CapacityLimiter, to_thread

from reperage.index.manifest import Manifest
from reperage.service.assistant import Assistant
from reperage.service.errors import ServiceError
from reperage.service.loading import Loading
from reperage.service.messages import messages
from reperage.service.slack.rendering import Reply, which_course

LANGUAGE = "fr"
"""What is spoken where no course is chosen yet."""
_WAIT_SECONDS = 0.2
_OPENERS = 2


class SlackCourses:
    """What Slack is told of the courses, and in which language; each method waits for the assistant."""

    def __init__(self, loading: Loading) -> None:
        self._loading = loading
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
        return which_course([(name, manifest.title) for name, manifest in manifests if manifest], ts, LANGUAGE)
