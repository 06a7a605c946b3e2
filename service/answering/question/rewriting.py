"""From what was typed to what is asked: courtesies left out, spelling mended, made to stand alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from reperage.index.text.language_detection import is_english
from reperage.index.text.vocabulary import Vocabulary
from reperage.service.answering.question.follow_up import standalone
from reperage.service.answering.question.small_talk import without_greeting
from reperage.service.contract.answer import Correction

# What a paste brings that is not seen: the soft hyphen, joiners and spaces without a width; and ligatures, written out.
_PASTED = str.maketrans(
    dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
    | {chr(c): normalize("NFKC", chr(c)) for c in range(0xFB00, 0xFB07)}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`question` is what the course is asked; `correction` is set where words were read as others."""

    question: str
    correction: Correction | None


def read(typed: str, vocabulary: Vocabulary, earlier: Sequence[str]) -> Reading:
    """Read a question in its conversation; `earlier` are the questions before it as they were read, oldest first."""
    asked = without_greeting(typed.translate(_PASTED))
    spelt = asked if is_english(asked) else vocabulary.correct(asked)
    correction = Correction(from_=asked, to=spelt) if spelt != asked else None
    return Reading(standalone(spelt, earlier), correction)
