"""A chat model that writes what a test tells it to."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence

Script = Callable[[str], Sequence[str | float | Exception]]
"""From what the model is asked to the pieces that it writes; a number is a pause in seconds, an error is raised."""


class ScriptedModel:
    """Follows its script; remembers what it was asked and how many of its answers were cut off."""

    name = "scripted:one"

    def __init__(self, script: Script | Sequence[str | float | Exception]) -> None:
        self.script: Script = script if callable(script) else lambda request: script
        self.requests: list[str] = []
        self.cut_off = 0
        self.at_work = 0
        self.most_at_work = 0

    async def write(self, instructions: str, request: str) -> AsyncGenerator[str]:
        self.requests.append(request)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        finished = False
        try:
            for piece in self.script(request):
                if isinstance(piece, Exception):
                    finished = True
                    raise piece
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                else:
                    yield piece
            finished = True
        finally:
            self.at_work -= 1
            self.cut_off += not finished


def number_of(request: str, words: str) -> int:
    """The number of the first sentence in a request that holds `words`."""
    for line in request.splitlines():
        if (match := re.match(r"\[(\d+)\] (.*)", line)) and words in match.group(2):
            return int(match.group(1))
    raise AssertionError(f"no numbered sentence holds {words!r}:\n{request}")


def in_pieces(text: str, size: int = 3) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]
