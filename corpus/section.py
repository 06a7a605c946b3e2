"""A section: what stands under one heading, up to the next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reperage.corpus.blocks import Block, Heading

_PLACEHOLDER = re.compile(
    r"\W*(?:todo|tbd|fixme|wip|coming soon|à (?:faire|venir|compléter|rédiger)"
    r"|en (?:construction|cours de rédaction))\W*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One heading and its own text, `start` to `end`, without the sections below it.

    `heading_path` are the titles from the top, without the document's own title where that is its single top
    heading. `is_empty`: neither it nor a section below it holds more than a placeholder such as `TODO`.
    """

    document_id: str
    heading_path: tuple[str, ...]
    anchor: str
    start: int
    end: int
    is_empty: bool

    @property
    def title(self) -> str:
        return self.heading_path[-1] if self.heading_path else ""


@dataclass(frozen=True, slots=True)
class SectionBlocks:
    """A section with what it holds; `heading` is `None` for text before the first heading."""

    section: Section
    heading: Heading | None
    blocks: tuple[Block, ...]


def sections_of(
    document_id: str, title: str, body: int, end: int, parts: Sequence[Heading | Block]
) -> list[SectionBlocks]:
    """Cut the parts of a document (its text from `body` to `end`) into sections.

    The sections tile that range: each ends where the next begins. Text before the first heading makes a
    section with an empty path, where there is any.
    """
    groups: list[tuple[Heading | None, list[Block]]] = [(None, [])]
    for part in parts:
        if isinstance(part, Block):
            groups[-1][1].append(part)
        elif part.is_top_level:
            groups.append((part, []))
    if not groups[0][1]:
        groups.pop(0)
    starts = [body if heading is None else heading.start for heading, _ in groups]
    ends = [*starts[1:], end]
    levels = [heading.level if heading else 0 for heading, _ in groups]
    paths = _paths([heading for heading, _ in groups], title)
    holds = [any(not _PLACEHOLDER.fullmatch(b.shown.text) for b in blocks) for _, blocks in groups]
    result = []
    for i, (heading, blocks) in enumerate(groups):
        below = next((j for j in range(i + 1, len(groups)) if levels[j] <= levels[i]), len(groups))
        below = below if heading else i + 1
        section = Section(
            document_id=document_id,
            heading_path=paths[i],
            anchor=heading.anchor if heading else "",
            start=starts[i],
            end=ends[i],
            is_empty=not any(holds[i:below]),
        )
        result.append(SectionBlocks(section, heading, tuple(blocks)))
    return result


def _paths(headings: Sequence[Heading | None], title: str) -> list[tuple[str, ...]]:
    highest = min((h.level for h in headings if h), default=0)
    tops = [h for h in headings if h and h.level == highest]
    own_title = tops[0] if len(tops) == 1 and tops[0].title == title and tops[0] is _first(headings) else None
    path: list[Heading] = []
    paths = []
    for heading in headings:
        if heading is not None:
            path = [h for h in path if h.level < heading.level]
            if heading is not own_title:
                path.append(heading)
        paths.append(tuple(h.title for h in path))
    return paths


def _first(headings: Sequence[Heading | None]) -> Heading | None:
    return next((h for h in headings if h is not None), None)
