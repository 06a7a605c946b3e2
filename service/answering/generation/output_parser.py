"""Parser of what a language model writes: into sentences with the numbers that they rest on, while it is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reperage.corpus.blocks import BlockKind
from reperage.corpus.located import Located
from reperage.corpus.sentences import sentence_ranges

_RANGE = r"\^?\d{1,4}(?:\s?[-–]\s?\d{1,4})?"
_MARK = rf"[(*]{{0,2}}\[\s?{_RANGE}(?:\s?[,;]\s?{_RANGE})*\s?\][)*]{{0,2}}"
_MARKS = re.compile(rf"{_MARK}(?:\s?{_MARK})*")
_NUMBER = re.compile(r"(\d+)(?:\s?[-–]\s?(\d+))?")
_MOST_IN_RANGE = 10
_BRACKETS = str.maketrans("【】", "[]")
_CODE_BLOCK = re.compile(r"```[^\n`]*\n(?P<code>.*?)\n?[ \t]*```", re.S)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`?", re.S)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?P<end></think(?:ing)?>|\Z)", re.S | re.I)
# Some models' thoughts begin before the text does.
_END_OF_THOUGHT = re.compile(r"\A.*</think(?:ing)?>", re.S | re.I)
_ITEM = re.compile(r"^(?:[-*•+]|\d{1,2}[.)])\s+")
_LEFT_OVER = re.compile(r"^\s*[.!?…;,]+(?=\s|$)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_ENDS = (".", "!", "?", "…", ":", "»", ")")


@dataclass(frozen=True, slots=True)
class GeneratedSentence:
    """A sentence as a model wrote it, with the Markdown marks of code, and the numbers that stand behind it.

    `shown` is what a reader would see.
    """

    text: str
    numbers: tuple[int, ...]
    kind: BlockKind = "paragraph"

    @property
    def shown(self) -> str:
        if self.kind == "code":
            return self.text
        plain = " ".join(_EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", self.text)).split())
        return plain if plain.endswith(_ENDS) else plain + "."


class OutputParser:
    """Takes text piece by piece and gives each sentence once its numbers are complete."""

    def __init__(self) -> None:
        self._waiting = ""

    def read(self, piece: str) -> list[GeneratedSentence]:
        """The sentences that `piece` completes."""
        self._waiting += piece.translate(_BRACKETS)
        return self._complete(at_end=False) if "]" in self._waiting else []

    def end(self) -> list[GeneratedSentence]:
        """The sentences that were still open; the last has no numbers where the text stops before them."""
        complete = self._complete(at_end=True)
        rest, self._waiting = self._waiting, ""
        return [*complete, *_sentences(rest, ())]

    def _complete(self, at_end: bool) -> list[GeneratedSentence]:
        if self._thinks() and not at_end:
            return []
        if "<" in self._waiting:
            self._waiting = _END_OF_THOUGHT.sub("", _THOUGHT.sub("", self._waiting))
        sentences: list[GeneratedSentence] = []
        while match := self._marks(at_end):
            numbers = tuple(dict.fromkeys(_numbers(match.group())))
            sentences += _sentences(self._waiting[: match.start()], numbers)
            self._waiting = _LEFT_OVER.sub("", self._waiting[match.end() :], count=1)
        return sentences

    def _marks(self, at_end: bool) -> re.Match[str] | None:
        """The first complete marks outside code: complete once something else has begun behind them."""
        code = [match.span() for match in _CODE.finditer(self._waiting)]
        for match in _MARKS.finditer(self._waiting):
            if any(start <= match.end() - 1 < end for start, end in code):
                continue
            behind = self._waiting[match.end() :].lstrip()
            return match if at_end or (behind and behind[0] != "[") else None
        return None

    def _thinks(self) -> bool:
        """Whether a model's thoughts have begun and not ended: numbers in them are no marks."""
        return any(match.group("end") == "" for match in _THOUGHT.finditer(self._waiting))


def _numbers(marks: str) -> Iterator[int]:
    for first, last in _NUMBER.findall(marks):
        yield from range(int(first), min(int(last or first), int(first) + _MOST_IN_RANGE - 1) + 1)


def _sentences(text: str, numbers: tuple[int, ...]) -> list[GeneratedSentence]:
    """The sentences of a text whose last one has `numbers`; code is one, and the sentence that announces it another."""
    parts: list[tuple[str, BlockKind]] = []
    at = 0
    for block in _CODE_BLOCK.finditer(text):
        parts += _prose(text[at : block.start()])
        parts.append((block.group("code"), "code"))
        at = block.end()
    parts += _prose(text[at:])
    if not parts:
        return []
    # Marks behind a block of code are also those of the sentence that announces it.
    shared = 2 if parts[-1][1] == "code" and len(parts) > 1 and parts[-2][0].rstrip().endswith(":") else 1
    unmarked = len(parts) - shared
    return [GeneratedSentence(part, numbers if i >= unmarked else (), kind) for i, (part, kind) in enumerate(parts)]


def _prose(text: str) -> list[tuple[str, BlockKind]]:
    sentences: list[tuple[str, BlockKind]] = []
    for line in text.splitlines():
        stripped = line.strip().lstrip("#").strip()
        item = _ITEM.match(stripped)
        body = stripped[item.end() :] if item else stripped
        code = [match.span() for match in _CODE.finditer(body)]
        for start, end in sentence_ranges(Located(body, (), (), code)):
            sentences.append((body[start:end], "list" if item else "paragraph"))
    return sentences
