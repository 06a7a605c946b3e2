"""Chunks: what is embedded and indexed, packed from the spans of sentences."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from reperage.corpus.blocks import Block, BlockKind, Item
from reperage.corpus.document import Document
from reperage.corpus.located import Located, Mark
from reperage.corpus.section import Section, SectionBlocks
from reperage.corpus.sentences import sentence_ranges

CountTokens = Callable[[Sequence[str]], Sequence[int]]
"""How many tokens the encoder makes of each text, its own marks and prompts left out."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """How chunks are cut, in the encoder's tokens.

    `target` is the size that chunks are balanced around; `limit` is never passed by heading path and text
    together; `heading_limit` is the share that a heading path may take of it.
    """

    target: int = 256
    limit: int = 496
    heading_limit: int = 96


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest thing that is quoted: a sentence, a table row or a code block.

    `shown` is its text without Markdown marks. Sentences of one paragraph or list item share `block`, those of
    one paragraph, list or table share `group`; both are counted within the document. `marks` are ranges of `shown`;
    `item` and `is_header` are the block's.
    """

    start: int
    end: int
    kind: BlockKind
    block: int
    group: int
    shown: str
    marks: tuple[Mark, ...] = ()
    item: Item | None = None
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """The indexed unit: neighbouring sentences of one section.

    `text` is `document.text[start:end]`; `embedded_text` is the heading path, then what the sentences show.
    A section that is empty has one chunk, its heading, with no sentence.
    """

    id: str
    section: Section
    start: int
    end: int
    text: str
    embedded_text: str
    sentences: tuple[Sentence, ...]

    @property
    def heading(self) -> str:
        """Document title and heading path, the first line of what is embedded."""
        return self.embedded_text.partition("\n")[0]

    def in_context(self, sentence: Sentence) -> str:
        """What is embedded of one sentence: alone it often does not say what it is about."""
        return f"{self.heading}\n{sentence.shown}"


def chunks_of(document: Document, section: SectionBlocks, count_tokens: CountTokens, chunking: Chunking) -> list[Chunk]:
    """The chunks of one section, in order, disjoint.

    No sentence, code block or table row is cut unless it alone is longer than `chunking.limit` allows.
    """
    heading = _heading_line(document.title, section.section.heading_path, count_tokens, chunking)
    if section.section.is_empty and section.heading:
        return [_chunk(document, section.section, heading, section.heading.start, section.heading.end, ())]
    room = chunking.limit - count_tokens([heading])[0] - 1
    sentences = []
    for block in section.blocks:
        for located, start, end in _sentence_spans(document.text, block):
            for piece, piece_start, piece_end in _fitting(located, start, end, count_tokens, room):
                span = _trimmed(document.text, piece_start, piece_end, block.kind)
                sentences.append(_sentence(block, piece, *span))
    # One more than its tokens each, for the space or line feed before it.
    sizes = [size + 1 for size in count_tokens([s.shown for s in sentences])]
    return [
        _chunk(document, section.section, heading, run[0].start, run[-1].end, run)
        for run in _pack(sentences, sizes, min(chunking.target, room), room)
    ]


def shown_text(sentences: Sequence[Sentence]) -> str:
    """What sentences show together: prose runs on, every list item, row and block has its own line."""
    parts: list[str] = []
    for i, sentence in enumerate(sentences):
        if i:
            runs_on = sentence.kind != "code" and sentence.block == sentences[i - 1].block
            parts.append(" " if runs_on else "\n")
        parts.append(sentence.shown)
    return "".join(parts)


def _chunk(
    document: Document, section: Section, heading: str, start: int, end: int, sentences: Sequence[Sentence]
) -> Chunk:
    text = document.text[start:end]
    identity = f"{document.id}\0{start}\0{end}\0{text}"
    return Chunk(
        id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        section=section,
        start=start,
        end=end,
        text=text,
        embedded_text="\n".join(part for part in (heading, shown_text(sentences)) if part),
        sentences=tuple(sentences),
    )


def _sentence(block: Block, piece: Located, start: int, end: int) -> Sentence:
    return Sentence(
        start=start,
        end=end,
        kind=block.kind,
        block=block.number,
        group=block.group,
        shown=piece.text,
        marks=tuple(piece.marks),
        item=block.item,
        is_header=block.is_header,
    )


def _heading_line(title: str, path: Sequence[str], count_tokens: CountTokens, chunking: Chunking) -> str:
    """Document title and heading path; the outermost go first where it is too long, then its end."""
    titles = [title, *path] if not path or path[0] != title else list(path)
    while len(titles) > 1 and count_tokens([" › ".join(titles)])[0] > chunking.heading_limit:
        titles.pop(0)
    line = " › ".join(titles)
    while count_tokens([line])[0] > chunking.heading_limit:
        line = line[: len(line) // 2]
    return line


def _sentence_spans(source: str, block: Block) -> Iterator[tuple[Located, int, int]]:
    """The sentences of a block with their spans, which hold the marks that open and close in them."""
    shown = block.shown
    ranges = sentence_ranges(shown) if block.kind not in ("code", "table") else [(0, len(shown.text))]
    start = block.start
    parts = shown.parts(ranges)
    for (_, j), part, following in zip(ranges, parts, [*ranges[1:], None], strict=True):
        end = following_start = block.end
        if following:
            gap_start, gap_end = shown.ends[j - 1], shown.starts[following[0]]
            gap = source[gap_start:gap_end]
            end, following_start = gap_start + _closing(gap), gap_end - _opening(gap)
        yield part, start, end
        start = max(end, following_start)


def _trimmed(source: str, start: int, end: int, kind: BlockKind) -> tuple[int, int]:
    """The span without white space at its ends; code keeps the indentation of its first line."""
    span = source[start:end]
    end = start + len(span.rstrip())
    return (start if kind == "code" else end - len(span.strip())), end


def _closing(gap: str) -> int:
    """How many characters at the start of `gap` close marks of the sentence before it."""
    closing = len(gap.split(maxsplit=1)[0]) if gap and not gap[0].isspace() else 0
    if "](" in gap[:closing] and ")" not in gap[:closing]:
        closing = gap.find(")", closing) + 1 or closing
    return closing


def _opening(gap: str) -> int:
    """How many characters at the end of `gap` open marks of the sentence after it (quote marks do not)."""
    if not gap or gap[-1].isspace():
        return 0
    return len(gap.rsplit(maxsplit=1)[-1].lstrip(">"))


def _fitting(
    located: Located, start: int, end: int, count_tokens: CountTokens, room: int
) -> Iterator[tuple[Located, int, int]]:
    """`located` whole where it fits into `room` tokens, else in halves cut at a line's end or a space."""
    stripped = located.stripped()
    # A token is at least a character, so that a short text needs no count.
    if len(stripped.text) < room or count_tokens([stripped.text])[0] < room:
        yield stripped, start, end
        return
    cut = _middle(located.text)
    left, right = located.ends[cut - 1], max(located.starts[cut], located.ends[cut - 1])
    halves = located.parts([(0, cut), (cut, len(located.text))])
    for half, piece_start, piece_end in zip(halves, (start, right), (left, end), strict=True):
        if half.text.strip() and piece_start < piece_end:
            yield from _fitting(half, piece_start, piece_end, count_tokens, room)


def _middle(text: str) -> int:
    """Where to cut `text` in two: after the line feed or space nearest to the middle, else in the middle."""
    middle = len(text) // 2
    for separator in "\n ":
        before, after = (
            text.rfind(separator, middle // 2, middle),
            text.find(separator, middle, middle + middle // 2),
        )
        if before >= 0 or after >= 0:
            return 1 + (before if after < 0 or (before >= 0 and middle - before < after - middle) else after)
    return middle


def _pack(sentences: Sequence[Sentence], sizes: Sequence[int], target: int, room: int) -> Iterator[Sequence[Sentence]]:
    """Neighbouring sentences in runs of about equal size, as few as `target` allows, none above `room`."""
    total = sum(sizes)
    goal = total / ceil(total / target) if total else 0
    first, size = 0, 0
    for i, more in enumerate(sizes):
        if i > first and (size + more > room or size + more / 2 > goal):
            yield sentences[first:i]
            first, size = i, 0
        size += more
    if sentences:
        yield sentences[first:]
