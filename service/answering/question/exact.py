"""What of a question must stand in what answers it, as it is written: identifiers, options, operators, numbered things.

That the error 404 is described answers nothing about the error 403, whatever else they share.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reperage.corpus import Sentence
from reperage.index.index import Hit
from reperage.index.text.analysis import STOP_WORDS, terms
from reperage.index.text.folding import fold

Kind = Literal["mark", "symbol", "identifier", "numbered"]

_OPENING = 60
"""Characters of a sentence in which its subject stands."""
_FORMS: dict[Kind, re.Pattern[str]] = {
    "symbol": re.compile(r"(?<!\w)[^\W\d_]\w*(?:\+\+|#)(?!\w)"),
    # An option or an operator.
    "mark": re.compile(
        r"(?<![\w-])--?[^\W_][\w-]*|(?<![&|<>=!+*/%^~:-])(?:->|=>|<-|!==?|[&|<>=+*/%^~:]{2,3})(?![&|<>=!+*/%^~:-])"
    ),
    # With an underscore, a capital inside, a digit after letters, or a point before an extension.
    "identifier": re.compile(
        r"(?<![\w.])(?:[^\W_]+(?:_[^\W_]+)+|[a-z]+[A-Z]\w*|[^\W\d_]+\d\w*|[^\W_]{2,}(?:[.-][^\W_]+)*\.[a-z]{2,4})(?!\w)"
    ),
}
_NUMBERED = re.compile(
    r"(?<![\w’'])(?:[^\W\d_]['’])?([^\W\d_]{3,})\s+(?:n[°º]\s*|num[ée]ro\s+)?(\d+(?:[.,]\d+)*)(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Exact:
    """One such thing; `label` is the stem before the number of a numbered one, else empty."""

    kind: Kind
    spelling: str
    label: str = ""


@lru_cache(maxsize=16384)
def exact_in(text: str) -> frozenset[Exact]:
    """All that `text` holds; kept, as the same sentences are looked at for many questions."""
    return frozenset(_found(text))


def stands_in(exact: Exact, text: str) -> bool:
    """Whether it stands in `text`; of a numbered thing the number alone does."""
    if exact.kind == "numbered":
        return bool(re.search(rf"(?<![\d.,]){re.escape(exact.spelling)}(?![\d]|[.,]\d)", text))
    if exact.kind == "identifier":
        return exact.spelling in _without_gaps(text)
    return any(other.spelling == exact.spelling for other in exact_in(text))


def missing(wanted: Iterable[Exact], hits: Iterable[Hit]) -> list[Exact]:
    """Those that stand in none of the hits, nor in their headings."""
    texts = [hit.chunk.embedded_text for hit in hits]
    return [exact for exact in wanted if not any(stands_in(exact, text) for text in texts)]


def speaks_of_another(wanted: Iterable[Exact], sentence: Sentence) -> bool:
    """Whether a sentence has for its subject a thing of the same kind as one that is wanted, and holds none that is."""
    if sentence.kind == "code" or any(stands_in(exact, sentence.shown) for exact in wanted):
        return False
    subjects = {(other.kind, other.label) for other in exact_in(sentence.shown[:_OPENING])}
    return any((exact.kind, exact.label) in subjects for exact in wanted)


def _found(text: str) -> Iterator[Exact]:
    # The marks of C++ are no operator.
    without_symbols = _FORMS["symbol"].sub(" ", text)
    for kind, form in _FORMS.items():
        for match in form.finditer(without_symbols if kind == "mark" else text):
            spelling = match.group()
            yield Exact(kind, _without_gaps(spelling) if kind == "identifier" else spelling)
    for match in _NUMBERED.finditer(text):
        stems = [] if fold(match[1]) in STOP_WORDS else terms(match[1])
        if stems:
            yield Exact("numbered", match[2], stems[0])


def _without_gaps(text: str) -> str:
    """`text` folded, without the space between a name and its number: "IPv 6" is IPv6."""
    return re.sub(r"(?<=[^\W\d_])\s+(?=\d)", "", fold(text))
