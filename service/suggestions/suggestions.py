"""Questions to begin with: made of a course's own headings, and answered by its assistant from just those sections."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from reperage.corpus import Section
from reperage.index.index import Index
from reperage.index.text.analysis import term_set
from reperage.index.text.folding import fold_keeping_length
from reperage.service.errors import InvalidQuestion
from reperage.service.sources.links import SourceLinks
from reperage.service.suggestions.headings.question import HeadingQuestion, question_of

if TYPE_CHECKING:
    from reperage.service.assistant import Assistant

MOST = 4
_MOST_TRIES = 24
_LEAST_TEXT = 150
"""Characters of a section, heading and marks included, from which on it can say something."""
_MOST_HEADINGS = 250
"""Headings of each part of a course that questions are made of."""
_MOST_ALIKE = 4
"""Sections under the same title, from which on it is a form that the material repeats."""

_suggestions: WeakKeyDictionary[Index, list[str]] = WeakKeyDictionary()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class _Suggestion:
    """A question, the section that it is made of, and where that stands in the course.

    `repeats` counts the headings of the course that hold all the words of this one.
    """

    question: HeadingQuestion
    section: Section
    place: int
    repeats: int

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """Natural questions first, then what the course comes back to (twice as often counts), then high headings, then
        long sections."""
        return (
            not self.question.is_natural,
            -self.repeats.bit_length(),
            len(self.section.heading_path),
            self.section.start - self.section.end,
        )


def suggestions(assistant: "Assistant", index: Index) -> list[str]:
    """Up to four questions about the course of `index`, in its order, which the assistant answers.

    Blocks while they are asked, the first time that an opened index is given; nothing of it is kept in conversations.
    """
    with _lock:
        if index not in _suggestions:
            _suggestions[index] = _new_suggestions(assistant, index)
        return list(_suggestions[index])


def _new_suggestions(assistant: "Assistant", index: Index) -> list[str]:
    parts = [sorted(part, key=lambda suggestion: suggestion.order) for part in _parts(index)]
    candidates = [suggestion for suggestion in chain.from_iterable(zip_longest(*parts)) if suggestion is not None]
    part_of = {suggestion.place: i for i, part in enumerate(parts) for suggestion in part}
    by_place: dict[int, _Suggestion] = {}
    tries: set[str] = set()
    # One of each part of the course, then whatever else is answered.
    for only_one in (True, False):
        covered_parts = {part_of[place] for place in by_place}
        for suggestion in candidates:
            key = fold_keeping_length(suggestion.question.text)
            if len(by_place) == MOST or len(tries) == _MOST_TRIES:
                break
            if key in tries or (only_one and part_of[suggestion.place] in covered_parts):
                continue
            tries.add(key)
            if _answers(assistant, index, suggestion):
                by_place[suggestion.place] = suggestion
                covered_parts.add(part_of[suggestion.place])
    return [by_place[place].question.text for place in sorted(by_place)]


def _parts(index: Index) -> Iterator[list[_Suggestion]]:
    """Questions made of the headings of each part of a course, which has as many parts as there are suggestions."""
    sections = [
        section
        for document_id in index.document_ids
        for section in index.sections(document_id)
        if not section.is_empty and section.end - section.start >= _LEAST_TEXT and len(index.section_chunks(section))
    ]
    heading_counts = Counter(fold_keeping_length(_heading(index, section)) for section in sections)
    sections = [
        section for section in sections if heading_counts[fold_keeping_length(_heading(index, section))] <= _MOST_ALIKE
    ]
    places = list(enumerate(sections))
    places_of_term: dict[str, set[int]] = {}
    for place, section in places:
        for term in term_set(_heading(index, section)):
            places_of_term.setdefault(term, set()).add(place)
    for part in range(MOST):
        part_places = places[len(places) * part // MOST : len(places) * (part + 1) // MOST]
        yield list(_suggestions_of(index, part_places, places_of_term))


def _heading(index: Index, section: Section) -> str:
    """The title of a section, the document's own where it stands under that; nothing before the first heading."""
    return section.title or (index.document_title(section.document_id) if section.anchor else "")


def _suggestions_of(
    index: Index, places: Sequence[tuple[int, Section]], places_of_term: Mapping[str, set[int]]
) -> Iterator[_Suggestion]:
    high_first = sorted(places, key=lambda place: (len(place[1].heading_path), place[1].start - place[1].end, place[0]))
    for place, section in high_first[:_MOST_HEADINGS]:
        heading = _heading(index, section)
        text = index.document(section.document_id).text
        if question := question_of(heading, text, index.manifest.language):
            terms = term_set(heading)
            repeats = len(set.intersection(*(places_of_term[term] for term in terms))) if terms else 0
            yield _Suggestion(question, section, place, repeats)


def _answers(assistant: "Assistant", index: Index, suggestion: _Suggestion) -> bool:
    """Whether the assistant answers a question as it is written, from the section that it is made of."""
    try:
        answer = assistant.pipeline.draft(
            index, assistant.valid_question(suggestion.question.text), (), SourceLinks()
        ).answer
    except InvalidQuestion:  # Longer than a question may be here.
        return False
    section = (suggestion.section.document_id, suggestion.section.anchor)
    cited_sections = {(citation.document_id, citation.anchor) for citation in answer.citations}
    return answer.status == "answered" and answer.correction is None and section in cited_sections
