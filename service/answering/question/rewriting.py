"""Rewriting of a question: courtesies left out, spelling mended, made to stand alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from reperage.index.text.spelling import correct
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
class RewrittenQuestion:
    """`question` is what the course is asked; `correction` is set where words were read as others."""

    question: str
    correction: Correction | None


def rewrite(question: str, vocabulary: Vocabulary, earlier: Sequence[str]) -> RewrittenQuestion:
    """Rewrite a question in its conversation; `earlier` are the rewritten questions before it, oldest first."""
    bare = without_greeting(question.translate(_PASTED))
    corrected = correct(bare, vocabulary)
    correction = Correction(from_=bare, to=corrected) if corrected != bare else None
    return RewrittenQuestion(standalone(corrected, earlier), correction)
