"""Text as a reader sees it, every character of which knows where it stands in the source."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Located:
    """Shown text and, for each of its characters, the span of source text that it came from.

    `text[i]` was written as `source[starts[i]:ends[i]]`; `starts` and `ends` never decrease. `opaque` are
    ordered, disjoint ranges of `text` that no sentence boundary falls into (inline code, addresses).
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    opaque: Sequence[tuple[int, int]] = ()

    def opaque_around(self, at: int) -> tuple[int, int] | None:
        """The opaque range that holds character `at`, if one does."""
        i = bisect_right(self.opaque, (at, len(self.text))) - 1
        return self.opaque[i] if i >= 0 and at < self.opaque[i][1] else None


@dataclass(slots=True)
class LocatedWriter:
    """Puts a `Located` together from left to right."""

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    opaque: list[tuple[int, int]] = field(default_factory=list)

    def copy(self, text: str, positions: Iterable[int]) -> None:
        """Append `text`, whose characters stand at `positions` of the source."""
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

    def append(self, other: Located) -> None:
        """Append a text that was written before."""
        offset = len(self.starts)
        self.parts.append(other.text)
        self.starts += other.starts
        self.ends += other.ends
        self.opaque += [(a + offset, b + offset) for a, b in other.opaque]

    def __len__(self) -> int:
        return len(self.starts)

    def done(self) -> Located:
        return Located("".join(self.parts), self.starts, self.ends, self.opaque)
