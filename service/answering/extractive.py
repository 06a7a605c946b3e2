"""The extractive answer: sentences of the material that answer, with those that they lean on, verbatim.

hits → selected sentences → with what they lean on and announce → in the order of the source, by section
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from reperage.corpus import Chunk, Section, Sentence
from reperage.index.index import Index
from reperage.index.text.folding import fold
from reperage.service.answering.question.question_type import QuestionType
from reperage.service.answering.sentence_selection import Candidate

_MOST_FOLLOWING = 20
_MOST_STEPS = 2
_WHOLE_LISTS: frozenset[QuestionType] = frozenset({"list", "how_to"})
_BLOCKS = ("list", "code", "table")

_PERSONAL_IL = (
    r"il(?!\s+(?:ne\s+|n['’])?(?:faut|existe|suffit|convient|s['’]agit|y a"
    r"|est (?:possible|necessaire|important|preferable|recommande|conseille)))"
)
_CONNECTIVE = (
    r"(?:(?:et|mais|or|donc|ainsi|alors|puis|ensuite|enfin|en effet|de plus|par exemple|pour|avec|dans|grace a|malgre"
    r"|lorsqu|quand|si|s|parce qu|puisqu|a partir de|en plus de)[\s,’']+)?"
)
# A sentence that opens with one of these speaks of what the sentence before it says …
_OF_WHAT_WAS_SAID = re.compile(
    rf"{_CONNECTIVE}(?:c['’]est|ce sont|ce|cet|cette|ces|cela|ceci|ca|celui|celle|ceux|celles"
    r"|on (?:\w+\s+){1,3}(?:alors|donc|ainsi|ces|cet|cette|cela))(?![\w’'])"
)
# … and with one of these, of what is named by the last one that does not.
_OF_WHAT_WAS_NAMED = re.compile(
    rf"{_CONNECTIVE}(?:on l['’]|(?:elles?|ils|leurs?|son|sa|ses|on (?:la|le|les|lui|leur|y|en)|{_PERSONAL_IL})(?!\w))"
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
    best sentence. A section that says nothing but what another one says is left out."""
    chosen: dict[Section, list[Sentence]] = {}
    for candidate in selection:
        chosen.setdefault(candidate.hit.chunk.section, []).append(candidate.sentence)
    answer = []
    for section, sentences in chosen.items():
        passage = [quote_of(chunk, s) for chunk in index.section_chunks(section) for s in chunk.sentences]
        places = _completed([quote.sentence for quote in passage], sentences, question_type)
        answer.append([passage[place] for place in places])
    said = [{fold(quote.sentence.shown) for quote in quotes} for quotes in answer]
    return [
        quote
        for number, quotes in enumerate(answer)
        for quote in quotes
        if not any(
            said[number] < others or (said[number] == others and earlier < number)
            for earlier, others in enumerate(said)
        )
    ]


def quote_of(chunk: Chunk, sentence: Sentence) -> Quote:
    """A sentence of `chunk` with its source text."""
    return Quote(chunk.section, sentence, chunk.text[sentence.start - chunk.start : sentence.end - chunk.start])


def _completed(passage: Sequence[Sentence], chosen: Sequence[Sentence], question_type: QuestionType) -> list[int]:
    """The places in `passage` of the sentences that were chosen, of those that name what they speak of, of the list
    or code that they announce or are part of with what announces it, and of the header of a row.

    A list is shown whole where two of its items were chosen, the sentence that announces it was, or the question asks
    for a list or for steps. Where it asks for steps, a sentence brings those that go on from it ("Pour cela, …").
    """
    starts = {sentence.start for sentence in chosen}
    places = {i for i, sentence in enumerate(passage) if sentence.start in starts}
    if question_type == "how_to":
        places.update(step for place in sorted(places) for step in _steps(passage, place))
    whole = question_type in _WHOLE_LISTS
    places.update(item for place in sorted(places) for item in _items(passage, place, places, whole=whole))
    places.update(before for place in sorted(places) for before in _introduction(passage, place))
    for place in sorted(places):
        referent = _leans_on(passage, place)
        while referent is not None and referent not in places:
            places.add(referent)
            referent = _leans_on(passage, referent)
    return sorted(places)


def _steps(passage: Sequence[Sentence], place: int) -> list[int]:
    """The places of the sentences that go on from the one there."""
    following = range(place + 1, min(place + 1 + _MOST_STEPS, len(passage)))
    return [*takewhile(lambda step: _leans_on(passage, step) == step - 1, following)]


def _items(passage: Sequence[Sentence], place: int, chosen: set[int], *, whole: bool) -> list[int]:
    """The places of the items that are shown with the one there, of the header of its row, or of what it announces."""
    if passage[place].kind == "table":
        return [i for i in _group(passage, place) if passage[i].is_header]
    if passage[place].kind == "list":
        group = _group(passage, place)
        return group[:_MOST_FOLLOWING] if whole or len(chosen.intersection(group)) > 1 else []
    return _group(passage, place + 1)[:_MOST_FOLLOWING] if _announces(passage, place) else []


def _introduction(passage: Sequence[Sentence], place: int) -> list[int]:
    """The place of the sentence that announces the list, table or code that the one there is part of, if one does."""
    before = _group(passage, place)[0] - 1 if passage[place].kind in _BLOCKS else -1
    return [before] if before >= 0 and _announces(passage, before) else []


def _group(passage: Sequence[Sentence], place: int) -> list[int]:
    """The places of the list or table that the sentence there is part of."""
    return [i for i, other in enumerate(passage) if other.group == passage[place].group]


def _announces(passage: Sequence[Sentence], place: int) -> bool:
    """Whether the sentence there announces what comes after it: with a colon, or before a block by having no end."""
    if place + 1 >= len(passage) or passage[place].kind in _BLOCKS:
        return False
    shown = passage[place].shown
    if passage[place + 1].kind in _BLOCKS:
        return not shown.endswith((".", "!", "?", "…", ";"))
    return shown.endswith(":")


def leans(text: str) -> bool:
    """Whether a sentence opens with a pronoun for something that is named before it."""
    return bool(_PRONOUN.match(_opening(text)))


def _opening(text: str) -> str:
    return fold(text[:60].replace("’", "'"))


def _leans_on(passage: Sequence[Sentence], place: int) -> int | None:
    """The place of the sentence that names what the one at `place` speaks of; `None` where it names that itself."""
    sentence = passage[place]
    if place == 0 or sentence.kind in ("code", "table"):
        return None
    opening, before = _opening(sentence.shown), passage[place - 1]
    if before.block != sentence.block:
        return place - 1 if before.kind == sentence.kind == "paragraph" and _PRONOUN.match(opening) else None
    if _OF_WHAT_WAS_NAMED.match(opening):
        named = place - 1
        while (
            named > 0
            and passage[named - 1].block == sentence.block
            and _OF_WHAT_WAS_NAMED.match(_opening(passage[named].shown))
        ):
            named -= 1
        return named
    return place - 1 if _leans(sentence) else None


def _leans(sentence: Sentence) -> bool:
    opening = _opening(sentence.shown)
    return any(form.match(opening) for form in (_OF_WHAT_WAS_SAID, _OF_WHAT_WAS_NAMED, _PRONOUN))
