"""Text as a reader sees it, every character of which knows where it stands in the source."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff")
"""Where a word may be broken or not: no part of what a reader sees."""

Emphasis = Literal["strong", "emphasis", "strikethrough", "code"]
MarkKind = Literal[Emphasis, "link", "cell"]


class Mark(NamedTuple):
    """How `text[start:end]` is set: emphasised, a link to `href` as it is written, or the cell of a `column` from 0."""

    start: int
    end: int
    kind: MarkKind
    href: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Located:
    """Shown text and, for each of its characters, the span of source text that it came from.

    `text[i]` was written as `source[starts[i]:ends[i]]`; `starts` and `ends` never decrease. `opaque` are
    ordered, disjoint ranges of `text` that no sentence boundary falls into (inline code, addresses). `marks` are
    ordered by their start, outer ones first; none is empty.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    opaque: Sequence[tuple[int, int]] = ()
    marks: Sequence[Mark] = ()

    def parts(self, ranges: Iterable[tuple[int, int]]) -> Iterator["Located"]:
        """The text of each of `ranges`, which are ordered and disjoint, with the marks that reach into it.

        A part is not cut into sentences again: it has no opaque ranges.
        """
        reaching: list[Mark] = []
        following = 0
        for start, end in ranges:
            while following < len(self.marks) and self.marks[following].start < end:
                reaching.append(self.marks[following])
                following += 1
            reaching = [mark for mark in reaching if mark.end > start]
            marks = [
                mark._replace(start=max(mark.start, start) - start, end=min(mark.end, end) - start) for mark in reaching
            ]
            yield Located(self.text[start:end], self.starts[start:end], self.ends[start:end], marks=marks)

    def stripped(self) -> "Located":
        """The text without white space at its ends."""
        start = len(self.text) - len(self.text.lstrip())
        end = max(start, len(self.text.rstrip()))
        return self if (start, end) == (0, len(self.text)) else next(self.parts([(start, end)]))

    def opaque_around(self, at: int) -> tuple[int, int] | None:
        """The opaque range that holds character `at`, if one does."""
        i = bisect_right(self.opaque, (at, len(self.text))) - 1
        return self.opaque[i] if i >= 0 and at < self.opaque[i][1] else None


class Here(NamedTuple):
    """How far a `LocatedWriter` has come: characters and marks."""

    length: int
    marks: int


@dataclass(slots=True)
class LocatedWriter:
    """Puts a `Located` together from left to right."""

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    opaque: list[tuple[int, int]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def copy(self, text: str, positions: Iterable[int]) -> None:
        """Append what is seen of `text`, whose characters stand at `positions` of the source."""
        if not INVISIBLE.isdisjoint(text):
            seen = [(c, p) for c, p in zip(text, positions, strict=True) if c not in INVISIBLE]
            text, positions = "".join(c for c, _ in seen), [p for _, p in seen]
        self.parts.append(text)
        for p in positions:
            self.starts.append(p)
            self.ends.append(p + 1)

    def stand_for(self, text: str, start: int, end: int) -> None:
        """Append `text`, each character of which stands for the whole of `source[start:end]`."""
        self.parts.append(text)
        self.starts += [start] * len(text)
        self.ends += [end] * len(text)

    def close_opaque(self, since: int) -> None:
        """What was appended since the text was `since` characters long is never split."""
        if len(self.starts) > since:
            self.opaque.append((since, len(self.starts)))

    def here(self) -> Here:
        """What `mark` needs to set what is appended from now on."""
        return Here(len(self.starts), len(self.marks))

    def mark(self, since: Here, kind: MarkKind, href: str = "", column: int = 0) -> None:
        """What was appended since then is set as `Mark` says, around what was marked in it."""
        if len(self.starts) > since.length:
            self.marks.insert(since.marks, Mark(since.length, len(self.starts), kind, href, column))

    def append(self, other: Located) -> None:
        """Append a text that was written before."""
        offset = len(self.starts)
        self.parts.append(other.text)
        self.starts += other.starts
        self.ends += other.ends
        self.opaque += [(a + offset, b + offset) for a, b in other.opaque]
        self.marks += [mark._replace(start=mark.start + offset, end=mark.end + offset) for mark in other.marks]

    def __len__(self) -> int:
        return len(self.starts)

    def located(self) -> Located:
        return Located("".join(self.parts), self.starts, self.ends, self.opaque, self.marks)
