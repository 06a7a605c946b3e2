"""The extractive answer: sentences of the material that answer, with those that they lean on, verbatim.

hits → candidate sentences → chosen → with what they lean on → in the order of the source, by section
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus import Chunk, Section, Sentence
from index.analysis import fold, term_set, terms
from index.fusion import fuse, standardise
from index.index import Hit, Index
from index.vectors import Vectors

HITS = 4
"""How many chunks sentences are chosen from."""

MOST_CHOSEN = 3
"""Sentences chosen for what they say; those that they lean on come on top."""

_NEW_SHARE = 0.15
"""The least share of the question's idf that a further sentence must add."""

_CHUNK_WEIGHT = 0.3
_MOST_FOLLOWING = 12

_PERSONAL_IL = (
    r"il(?!\s+(?:ne\s+|n['’])?(?:faut|existe|suffit|convient|s['’]agit|y a"
    r"|est (?:possible|necessaire|important|preferable|recommande|conseille)))"
)
# A sentence that opens with one of these speaks of something named before it.
_LEANING = re.compile(
    r"(?:(?:et|mais|or|donc|ainsi|alors|puis|ensuite|enfin|en effet|de plus|par exemple|pour|avec|dans|grace a|malgre"
    r"|lorsqu|quand|si|s|parce qu|puisqu|a partir de|en plus de)[\s,’']+)?"
    r"(?:c['’]est|ce sont|ce|cet|cette|ces|cela|ceci|ca|celui|celle|ceux|celles|elle|elles|ils|leurs?|son|sa|ses"
    rf"|{_PERSONAL_IL})(?![\w’'])"
)
_PRONOUN = re.compile(
    rf"(?:\w+[\s,’']+){{0,2}}(?:c['’]est|cela|ceci|ca|elle|elles|ils|{_PERSONAL_IL}|celui|celle|ceux|celles)(?![\w’'])"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the material that the answer shows, its section, and the source text that it claims."""

    section: Section
    sentence: Sentence
    text: str


def compose(index: Index, question: str, vector: Vectors, hits: Sequence[Hit]) -> list[Quote]:
    """The quotes that answer `question`, sections in the order of their best sentence; `[]` without any hit.

    `vector` is the question's unit vector, float32 [dimensions].
    """
    chosen = _choose(index, question, vector, [hit for hit in hits if hit.chunk.sentences][:HITS])
    quotes: dict[Section, dict[int, Quote]] = {}
    for hit, sentence in chosen:
        passage = [_quote(chunk, s) for chunk in index.section_chunks(hit) for s in chunk.sentences]
        kept = quotes.setdefault(hit.chunk.section, {})
        for needed in _with_context(passage, sentence):
            kept[needed.sentence.start] = needed
    return [kept[start] for kept in quotes.values() for start in sorted(kept)]


def _quote(chunk: Chunk, sentence: Sentence) -> Quote:
    return Quote(chunk.section, sentence, chunk.text[sentence.start - chunk.start : sentence.end - chunk.start])


def _choose(index: Index, question: str, vector: Vectors, hits: Sequence[Hit]) -> list[tuple[Hit, Sentence]]:
    """The sentence that fits the question best, then those that hold terms of it which no chosen one holds."""
    candidates = [(hit, sentence) for hit in hits for sentence in hit.chunk.sentences]
    if not candidates:
        return []
    weights = {term: index.lexical.idf(term) or 0.0 for term in terms(question)}
    total = sum(weights.values()) or 1.0
    held = [term_set(sentence.shown) & weights.keys() for _, sentence in candidates]
    similarity = np.concatenate([index.sentence_vectors(hit) @ vector for hit in hits])
    overlap = np.array([sum(weights[term] for term in found) for found in held], dtype=np.float32)
    of_chunk = np.array([hit.score for hit, _ in candidates], dtype=np.float32)
    value = fuse(similarity, overlap, dense_weight=0.5) + _CHUNK_WEIGHT * standardise(of_chunk)

    order = [int(i) for i in np.argsort(-value, kind="stable")]
    chosen = [order[0]]
    covered = set(held[order[0]])
    while len(chosen) < MOST_CHOSEN:
        gains = {i: sum(weights[t] for t in held[i] - covered) / total for i in order if i not in chosen}
        best = max(gains, key=lambda i: (gains[i], value[i]), default=None)
        if best is None or gains[best] < _NEW_SHARE:
            break
        chosen.append(best)
        covered |= held[best]
    return [candidates[i] for i in chosen]


def _with_context(passage: Sequence[Quote], sentence: Sentence) -> list[Quote]:
    """`sentence` with those before it that name what it speaks of and those after it that it announces."""
    sentences = [quote.sentence for quote in passage]
    at = sentences.index(sentence)
    first = last = at
    while first > 0 and _leans_on(sentences[first - 1], sentences[first]):
        first -= 1
    if sentence.shown.endswith(":"):
        following = sentences[at + 1 : at + 1 + _MOST_FOLLOWING]
        last += sum(1 for other in following if other.group == following[0].group)
    return [*passage[_introduction(sentences, first)], *passage[first : last + 1]]


def _leans_on(before: Sentence, sentence: Sentence) -> bool:
    """Whether `sentence` speaks of something that only `before`, the one before it, names."""
    if sentence.kind in ("code", "table"):
        return False
    opening = fold(sentence.shown[:60].replace("’", "'"))
    if before.block == sentence.block:
        return bool(_LEANING.match(opening) or _PRONOUN.match(opening))
    return before.kind == sentence.kind == "paragraph" and bool(_PRONOUN.match(opening))


def _introduction(sentences: Sequence[Sentence], at: int) -> slice:
    """The sentence that announces the list, table or code that `sentences[at]` is part of, if one does."""
    before = at
    while before > 0 and sentences[before].group == sentences[at].group:
        before -= 1
    announced = sentences[at].kind in ("list", "code", "table") and sentences[before].shown.endswith(":")
    return slice(before, before + (announced and before < at))
