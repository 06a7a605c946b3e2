"""Types of question, by their words: what kind of answer each one wants."""

import re
from typing import Literal

from reperage.index.text.folding import fold

QuestionType = Literal["definition", "difference", "yes_or_no", "list", "how_to", "other"]

_DIFFERENCE = re.compile(r"\b(?:differences?|distinctions?|distingue\w*|differe\w*|compar\w+|versus|vs|differ\w*)\b")
# "Qu'est-ce que" before a noun: before a verb or a subject it asks for something else.
_NOUN = r"(?:c['’]est|ce que c['’]est|une?|le|la|les|des?|du|(?:[\w-]+ ?){1,2}\??$)\b|l['’]|d['’]"
_DEFINITION = re.compile(
    rf"^(?:c['’]est (?:quoi|koi)|qu['’]est[ -]ce (?:que |qu['’])(?:{_NOUN})"
    r"|que (?:signifie|veut dire|designe)|definition|definis|definir|what(?:['’]s| is| are| does .* mean)|define)"
    r"|\b(?:c['’]est quoi|ca veut dire quoi|que veut dire|signifie quoi|signification|qu['’]entend-on)\b"
)
_YES_OR_NO = re.compile(
    r"^(?:(?:et|mais|donc|alors) )?"
    r"(?:est[ -]ce qu|peut-on|puis-je|y a-t-il|is|are|can|could|do|does|did|has|have|should|must|will"
    r"|(?:[\w’']+ ){0,5}\w+-(?:t-)?(?:ils?|elles?|on|je|tu|nous|vous|ce)\b)"
)
_OPEN_QUESTION = re.compile(
    r"\b(?:qui|que|quoi|quels?|quelles?|comment|combien|ou|quand|pourquoi|lequel|laquelle|lesquels|lesquelles|qu['’]est)\b"
)
_LIST = re.compile(
    r"^(?:quels|quelles|lesquels|lesquelles|cite\w*|enumere\w*|liste\w*|donne\w*(?:-moi)? (?:les|la liste)|list|which"
    r"|what are)\b|\b(?:les etapes|the steps|la liste des|quels sont|quelles sont|de quoi (?:est|sont|se compose))\b"
)
_HOW_TO = re.compile(
    r"^(?:et )?comment\b|\bcomment (?:faire|on|je|fait)\b|^how (?:do|to|can|does|should)\b|\betapes pour\b"
)
_BETWEEN = re.compile(r"\b(?:entre|between)\b(?P<sides>.+)", re.I)
_AND = re.compile(r"\s+(?:et|and|versus|vs\.?|par rapport [aà]|avec|ou|or|from|de)\s+|\s*/\s*", re.I)


def question_type_of(question: str) -> QuestionType:
    """The type of `question`."""
    folded = fold(question).strip()
    if _DIFFERENCE.search(folded):
        return "difference"
    if _DEFINITION.search(folded) or len(folded.split()) == 1:
        return "definition"
    if _HOW_TO.search(folded):
        return "how_to"
    if _LIST.search(folded):
        return "list"
    opening = _YES_OR_NO.match(folded)
    return "yes_or_no" if opening and not _OPEN_QUESTION.search(opening.group()) else "other"


def sides(question: str) -> tuple[str, str] | None:
    """The two things that a question about a difference names; `None` where it names fewer."""
    between = _BETWEEN.search(question)
    text = between["sides"] if between else question
    parts = [part for part in _AND.split(text) if re.search(r"\w{2}|[A-Z]", part)]
    if between and len(parts) >= 2:
        return parts[0], parts[1]
    parts = [part for part in parts if not _names_nothing(part)]
    return (parts[0], parts[1]) if len(parts) >= 2 else None


def _names_nothing(text: str) -> bool:
    """Whether nothing is named in `text`: "quelle est la différence"."""
    words = re.findall(r"\w+", fold(text))
    return all(_DIFFERENCE.fullmatch(word) or word in _FRAMING_WORDS for word in words)


_FRAMING_WORDS = frozenset("quelle quel est la le les c quoi il y a t quelles sont what is the une".split())  # noqa: SIM905
