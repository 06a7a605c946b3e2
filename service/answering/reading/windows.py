"""Windows: neighbouring sentences of a hit, as many as the reader reads at once, under their heading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from tokenizers import Tokenizer

from reperage.corpus import Chunk
from reperage.index.index import Hit
from reperage.service.answering.sentence_selection import Candidate

LONGEST_HEADING = 24
LONGEST_TEXT = 104
"""Tokens of a window's sentences; a longer sentence is a window of its own, and cut."""


class Span(NamedTuple):
    """A range of tokens."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A window by itself: the tokens of its heading and its text, and the spans of its sentences among them.

    Its sentences are those of the chunk from `first` on.
    """

    ids: tuple[int, ...]
    first: int
    spans: tuple[Span, ...]

    @property
    def places(self) -> range:
        """The places of its sentences in the chunk."""
        return range(self.first, self.first + len(self.spans))


class Window(NamedTuple):
    """A passage of a hit, with the score of its likeliest sentence before it is read."""

    hit: Hit
    passage: Passage
    likelihood: float


def likeliest_windows(candidates: Sequence[Candidate], tokenizer: Tokenizer, most: int) -> list[Window]:
    """The `most` windows with the likeliest of `candidates`, which come likeliest first; the likeliest window first."""
    windows: dict[tuple[int, int], Window] = {}
    for candidate in candidates:
        if len(windows) == most:
            break
        passage = next(p for p in _passages(candidate.hit.chunk, tokenizer) if candidate.place in p.places)
        windows.setdefault((candidate.hit.rank, passage.first), Window(candidate.hit, passage, candidate.score))
    return list(windows.values())


@lru_cache(maxsize=4096)
def _passages(chunk: Chunk, tokenizer: Tokenizer) -> tuple[Passage, ...]:
    """Kept, as the same chunks are read for many questions."""
    heading = chunk.heading
    encoding = tokenizer.encode(f"{heading}\n", add_special_tokens=False)
    heading_ids = encoding.ids[-LONGEST_HEADING:]
    ids, spans = _tokens(chunk, tokenizer)
    passages = []
    for first, last in _packed([span.end - span.start for span in spans]):
        start, end = spans[first].start, min(spans[last - 1].end, spans[first].start + LONGEST_TEXT)
        shift = len(heading_ids) - start
        own = tuple(Span(s.start + shift, min(s.end, end) + shift) for s in spans[first:last])
        passages.append(Passage((*heading_ids, *ids[start:end]), first, own))
    return tuple(passages)


def _tokens(chunk: Chunk, tokenizer: Tokenizer) -> tuple[list[int], list[Span]]:
    """The tokens of a chunk's sentences, and the span of each sentence."""
    ids: list[int] = []
    spans = []
    texts = [sentence.shown for sentence in chunk.sentences]
    for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False):
        spans.append(Span(len(ids), len(ids) + len(encoding.ids)))
        ids += encoding.ids
    return ids, spans


def _packed(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of neighbours of about equal size, as few as there may be, none above `LONGEST_TEXT` but a single one."""
    total = sum(sizes)
    goal = total / ceil(total / LONGEST_TEXT) if total else 0
    first, size = 0, 0
    for i, more in enumerate(sizes):
        if i > first and (size + more > LONGEST_TEXT or size + more / 2 > goal):
            yield first, i
            first, size = i, 0
        size += more
    if sizes:
        yield first, len(sizes)
