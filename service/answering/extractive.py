"""The extractive answer: sentences of the material that answer, with those that they lean on, verbatim.

hits → selected sentences → with what they lean on and announce → in the order of the source, by section
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reperage.corpus import Chunk, Section, Sentence
from reperage.index.index import Index
from reperage.index.text.folding import fold
from reperage.service.answering.question.question_type import QuestionType
from reperage.service.answering.sentence_selection import Candidate

_MOST_FOLLOWING = 12
_MOST_STEPS = 2
_WHOLE_LISTS: frozenset[QuestionType] = frozenset({"list", "how_to"})

_PERSONAL_IL = (
    r"il(?!\s+(?:ne\s+|n['’])?(?:faut|existe|suffit|convient|s['’]agit|y a"
    r"|est (?:possible|necessaire|important|preferable|recommande|conseille)))"
)
# A sentence that opens with one of these speaks of something named before it.
_LEANING = re.compile(
    r"(?:(?:et|mais|or|donc|ainsi|alors|puis|ensuite|enfin|en effet|de plus|par exemple|pour|avec|dans|grace a|malgre"
    r"|lorsqu|quand|si|s|parce qu|puisqu|a partir de|en plus de)[\s,’']+)?"
    r"(?:c['’]est|ce sont|ce|cet|cette|ces|cela|ceci|ca|celui|celle|ceux|celles|elle|elles|ils|leurs?|son|sa|ses"
    rf"|on (?:\w+\s+){{1,3}}(?:alors|donc|ainsi|ces|cet|cette|cela)|{_PERSONAL_IL})(?![\w’'])"
)
_PRONOUN = re.compile(
    rf"(?:\w+[\s,’']+){{0,2}}(?:c['’]est|cela|ceci|ca|elle|elles|ils|{_PERSONAL_IL}|celui|celle|ceux|celles)(?![\w’'])"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the material that an answer shows, its section, and the source text that it claims."""

    section: Section
    sentence: Sentence
    text: str


def compose(index: Index, question_type: QuestionType, selection: Sequence[Candidate]) -> list[Quote]:
    """The quotes of an answer from the sentences that were selected, likeliest first: sections in the order of their
    best sentence."""
    quotes: dict[Section, dict[int, Quote]] = {}
    for candidate in selection:
        section = candidate.hit.chunk.section
        passage = [quote_of(chunk, s) for chunk in index.section_chunks(section) for s in chunk.sentences]
        of_section = quotes.setdefault(section, {})
        for quote in _with_context(passage, candidate.sentence, question_type):
            of_section[quote.sentence.start] = quote
    return [of_section[start] for of_section in quotes.values() for start in sorted(of_section)]


def quote_of(chunk: Chunk, sentence: Sentence) -> Quote:
    """A sentence of `chunk` with its source text."""
    return Quote(chunk.section, sentence, chunk.text[sentence.start - chunk.start : sentence.end - chunk.start])


def _with_context(passage: Sequence[Quote], sentence: Sentence, question_type: QuestionType) -> list[Quote]:
    """`sentence` with those before it that name what it speaks of and those after it that it announces.

    Where the question asks for a list or for steps, an item of a list brings all the others; where it asks for steps, a
    sentence brings those that go on from it ("Pour cela, …").
    """
    sentences = [quote.sentence for quote in passage]
    at = next(i for i, other in enumerate(sentences) if other.start == sentence.start)
    first = last = at
    if question_type in _WHOLE_LISTS and sentence.kind == "list":
        group = [i for i, other in enumerate(sentences) if other.group == sentence.group]
        first, last = group[0], group[min(len(group), _MOST_FOLLOWING) - 1]
        first, last = min(first, at), max(last, at)
    while question_type == "how_to" and last - at < _MOST_STEPS and _goes_on(sentences, last):
        last += 1
    while first > 0 and _leans_on(sentences[first - 1], sentences[first]):
        first -= 1
    if sentences[last].shown.endswith(":"):
        following = sentences[last + 1 : last + 1 + _MOST_FOLLOWING]
        last += sum(1 for other in following if other.group == following[0].group)
    return [*passage[_introduction(sentences, first)], *passage[first : last + 1]]


def leans(text: str) -> bool:
    """Whether a sentence opens with a pronoun for something that is named before it."""
    return bool(_PRONOUN.match(_opening(text)))


def _opening(text: str) -> str:
    return fold(text[:60].replace("’", "'"))


def _goes_on(sentences: Sequence[Sentence], at: int) -> bool:
    return at + 1 < len(sentences) and _leans_on(sentences[at], sentences[at + 1])


def _leans_on(before: Sentence, sentence: Sentence) -> bool:
    """Whether `sentence` speaks of something that only `before`, the one before it, names."""
    if sentence.kind in ("code", "table"):
        return False
    opening = _opening(sentence.shown)
    if before.block == sentence.block:
        return bool(_LEANING.match(opening) or _PRONOUN.match(opening))
    return before.kind == sentence.kind == "paragraph" and bool(_PRONOUN.match(opening))


def _introduction(sentences: Sequence[Sentence], at: int) -> slice:
    """The sentence that announces the list, table or code that `sentences[at]` is part of, if one does."""
    before = at
    while before > 0 and sentences[before].group == sentences[at].group:
        before -= 1
    is_announced = sentences[at].kind in ("list", "code", "table") and sentences[before].shown.endswith(":")
    return slice(before, before + (is_announced and before < at))
