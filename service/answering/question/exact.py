"""What of a question must stand in what answers it, as it is written: identifiers, options, operators, numbered things.

That the error 404 is described answers nothing about the error 403, whatever else they share.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reperage.corpus import Sentence
from reperage.index.index import Hit
from reperage.index.text.analysis import STOP_WORDS, terms
from reperage.index.text.folding import fold

Kind = Literal["option", "operator", "symbol", "identifier", "numbered"]

_OPENING = 60
"""Characters of a sentence in which its subject stands."""
_SYMBOL = re.compile(r"(?<!\w)[^\W\d_]\w*(?:\+\+|#)(?!\w)")
_OPTION = re.compile(r"(?<![\w-])(?:-[^\W\d_]{1,3}|--[^\W\d_][\w-]*)(?![\w-])")
_OPERATOR = re.compile(r"(?<![&|<>=!+*/%^~:-])(?:->|=>|<-|!==?|[&|<>=+*/%^~:]{2,3})(?![&|<>=!+*/%^~:-])")
# With an underscore, a capital inside, a digit after letters, or a point before an extension.
_IDENTIFIER = re.compile(
    r"(?<![\w.-])(?:[^\W_]+(?:_[^\W_]+)+|[a-z]{2,}[A-Z]\w*|[^\W\d_]+\d\w*|[^\W_]{2,}(?:[.-][^\W_]+)*\.[a-z]{2,4})(?!\w)"
)
_NUMBERED = re.compile(
    r"(?<![\w’'])(?:[^\W\d_]['’])?([^\W\d_]{3,})\s+(?:n[°º]\s*|num[ée]ro\s+)?(\d+(?:[.,]\d+)*)(?!\w)"
)
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_LETTERS_AND_DIGITS = re.compile(r"([^\W\d_]+)\d")


@dataclass(frozen=True, slots=True)
class Exact:
    """One such thing. `label` is what others of its kind share with it: the stem before the number of a numbered one,
    the letters before its digits or its extension of an identifier; else empty."""

    kind: Kind
    spelling: str
    label: str = ""


@lru_cache(maxsize=4096)
def exact_in(text: str) -> frozenset[Exact]:
    """All that a question or a sentence holds; kept, as the same sentences are looked at for many questions."""
    return frozenset(_found(_THOUSANDS.sub("", text)))


def stands_in(exact: Exact, text: str) -> bool:
    """Whether it stands in `text`; of a numbered thing the number alone does."""
    if exact.kind == "numbered":
        plain = _THOUSANDS.sub("", text)
        return bool(re.search(rf"(?<![\d.,]){re.escape(exact.spelling)}(?!\d|[.,]\d)", plain))
    if exact.kind == "identifier":
        return bool(re.search(rf"(?<!\w){re.escape(exact.spelling)}(?!\w)", _without_gaps(text)))
    return any(other.spelling == exact.spelling for other in _found(text))


def missing(question: str, hits: Sequence[Hit]) -> list[Exact]:
    """What the question names that stands in none of the hits, nor in their headings.

    A number counts where the hits have others of what it numbers, an operator where the question is of it alone: the
    marks of a sentence are no operators.
    """
    texts = [hit.chunk.embedded_text for hit in hits]
    wanted = [exact for exact in exact_in(question) if not any(stands_in(exact, text) for text in texts)]
    labels = {found.label for text in texts for found in _found(text) if found.kind == "numbered"} if wanted else set()
    alone = not terms(_OPERATOR.sub(" ", question))
    return [
        exact
        for exact in wanted
        if (exact.kind != "numbered" or exact.label in labels) and (exact.kind != "operator" or alone)
    ]


def speaks_of_another(wanted: Collection[Exact], sentence: Sentence) -> bool:
    """Whether a sentence has for its subject a thing of the same kind as one that is wanted, and holds none that is."""
    if not wanted or sentence.kind == "code" or any(stands_in(exact, sentence.shown) for exact in wanted):
        return False
    subjects = {_like(other) for other in exact_in(sentence.shown[:_OPENING])}
    return any(_like(exact) in subjects for exact in wanted)


def _like(exact: Exact) -> tuple[str, str]:
    return ("mark" if exact.kind in ("option", "operator") else exact.kind), exact.label


def _found(text: str) -> Iterator[Exact]:
    yield from (Exact("symbol", spelling) for spelling in _SYMBOL.findall(text))
    yield from (Exact("option", spelling) for spelling in _OPTION.findall(text))
    # The marks of C++ are no operator.
    yield from (Exact("operator", spelling) for spelling in _OPERATOR.findall(_SYMBOL.sub(" ", text)))
    for spelling in _IDENTIFIER.findall(text):
        stem, point, extension = spelling.rpartition(".")
        # "le DNS.et" lacks a space.
        if stem and extension in STOP_WORDS:
            continue
        digits = _LETTERS_AND_DIGITS.match(spelling)
        label = f"{point}{extension}" if point else fold(digits[1]) if digits else ""
        yield Exact("identifier", _without_gaps(spelling), label)
    for label, number in _NUMBERED.findall(text):
        stems = [] if fold(label) in STOP_WORDS else terms(label)
        if stems:
            yield Exact("numbered", number, stems[0])


def _without_gaps(text: str) -> str:
    """`text` folded, without what parts a name from its number: "IPv 6" is IPv6, "UTF-8" is utf8."""
    return re.sub(r"(?<=[^\W\d_])[\s-]+(?=\d)", "", fold(text))
