"""What a French question is about: its noun phrase, and what stands before and after it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from reperage.index.text.folding import fold_keeping_length
from reperage.service.answering.question.follow_up.grammar import is_determiner, is_infinitive, words_of
from reperage.service.answering.question.follow_up.phrases import AND, attach

_TOKEN = re.compile(r"(?:jusqu|lorsqu|puisqu|quelqu|presqu|qu|[cdjlmnst])'(?=\w)|[^\s'?!,;:()«»\"…]+|[?!,;:()«»\"…]|'")
_PARTICIPLE = re.compile(r"ée?s?$")
INVERTED = re.compile(r"\w+-(?:t-)?(?:il|elle|ils|elles|on|je|tu|nous|vous|ce)")
_QUESTION_DETERMINERS = ("quel", "quelle", "quels", "quelles")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark of a text, folded keeping its length, its span in it, and whether it is written as a participle,
    with its accent."""

    text: str
    start: int
    end: int
    is_participle: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A question cut in three: `question[:start]`, a preposition and the `phrase`, `question[end:]`.

    `link` is `que`, `de`, `à` or nothing, in full; `phrase` has its determiner: `du volume` is `de` and `le volume`.
    """

    question: str
    start: int
    end: int
    link: str
    phrase: str

    @property
    def gender(self) -> str:
        """`m` or `f` where the determiner says it, else nothing."""
        return {"un": "m", "le": "m", "ce": "m", "cet": "m", "une": "f", "la": "f", "cette": "f"}.get(self._first, "")

    @property
    def is_plural(self) -> bool:
        several = ("les", "des", "ces", "plusieurs", "deux", "mes", "nos", "vos")
        return self._first in several or AND.search(self.phrase) is not None

    @property
    def _first(self) -> str:
        return fold_keeping_length(self.phrase).split(" ", 1)[0]

    def question_about(self, phrase: str) -> str:
        """The same question about `phrase`."""
        return self.question[: self.start] + attach(self.link, phrase) + self.question[self.end :]


def tokens(text: str) -> list[Token]:
    """The words and marks of `text`; what is elided stands alone."""
    result = []
    for match in _TOKEN.finditer(fold_keeping_length(text)):
        word = match.group().rstrip(".") or "."
        start, end = match.start(), match.start() + len(word)
        # Who writes no accents writes none on participles.
        bare = text.isascii() and word.endswith("e") and text[end:].strip(" ?.!") == ""
        result.append(Token(word, start, end, bool(_PARTICIPLE.search(text[start:end].lower())) or bare))
    return result


@lru_cache(maxsize=1024)
def topic_of(question: str) -> Topic | None:
    """The noun phrase that `question` is about, past `les avantages de`; `None` where it has none."""
    question = unicodedata.normalize("NFC", question)
    words = tokens(question)
    start = noun_start(words)
    if start is None:
        return None
    end = noun_end(words, start)
    is_counted = start > 1 and words[start - 2].text == "combien"
    if start and (is_counted or words[start - 1].text in _QUESTION_DETERMINERS):
        # "quelle commande supprime un volume": the volume.
        noun = next((i for i in range(end, len(words) - 1) if not is_closed(words, i)), None)
        if noun is not None and not any(
            words[i].text in ("qui", "que", "qu'", "quand", "si") for i in range(end, noun)
        ):
            start, end = noun, noun_end(words, noun)
    is_complement = False
    while (inner := _complement(words, start, end)) is not None:
        start, is_complement = inner, True
    return _cut(question, words, start, end, is_complement)


def noun_start(words: Sequence[Token], start: int = 0) -> int | None:
    """Where the first noun phrase begins from `start` on; `None` where there is none."""
    for i in range(start, len(words)):
        if not is_closed(words, i):
            return i
    return None


def noun_end(words: Sequence[Token], start: int) -> int:
    """Behind the last word of the noun phrase that begins at `start`."""
    i = start
    while i < len(words) and is_determiner(words[i].text):
        i += 1
    i += 1  # A noun, whatever it looks like.
    while i < len(words):
        length = _continues(words, i)
        if not length:
            break
        i += length
    return min(i, len(words))


def is_closed(words: Sequence[Token], i: int) -> bool:
    """Whether `words[i]` is no part of a noun phrase."""
    text = words[i].text
    if is_determiner(text):
        # "on la supprime", "comment la supprimer": a pronoun.
        return is_object(words, i)
    before = words[i - 1].text if i else ""
    return (
        text in words_of("closed")
        or text in words_of("prepositions")
        or (text in words_of("verbs") and not words[i].is_participle)
        or _is_predicate(words, i)
        or text in words_of("possessives")
        or not text[0].isalnum()
        or bool(INVERTED.fullmatch(text))
        or is_infinitive(text)
        or before in ("je", "j'", "tu", "on", "nous", "ne", "n'", "s'", "se")
        or (
            before in words_of("question_words")
            and i + 1 < len(words)
            and words[i + 1].text in ("un", "une", "le", "la", "les")
        )
        or (i > 0 and is_object(words, i - 1))
    )


def is_object(words: Sequence[Token], i: int) -> bool:
    """Whether `words[i]` is `le`, `la`, `l'` or `les` before its verb."""
    if words[i].text not in ("le", "la", "les", "l'") or i + 1 >= len(words):
        return False
    before = words[i - 1].text if i else ""
    if before in ("je", "tu", "on", "nous", "vous", "ne") and (words[i].text != "l'" or before in ("je", "tu")):
        # "dit-on le nom" without its hyphen is no "on le dit", and "né le" no "ne le".
        opens_clause = i < 2 or words[i - 2].text in words_of("question_words") | words_of("before_subjects")
        return opens_clause and not words[i - 1].is_participle
    if before == "qui" and i == 1 and words[2].text in words_of("verbs"):
        return True
    after = words[i + 2].text if i + 2 < len(words) else "?"
    ends = (
        not after[0].isalnum()
        or after in words_of("prepositions")
        or after in words_of("closed")
        or is_infinitive(after)
    )
    return is_infinitive(words[i + 1].text) and ends


def is_attribute(words: Sequence[Token], start: int, end: int) -> bool:
    """Whether a noun phrase is said of something that it does not name."""
    before = [word.text for word in words[start : end - 1]]
    has_complement = {"de", "d'", "du", "entre", "et"} & set(before) or "des" in before[1:]
    return words[end - 1].text in words_of("attributes") and len(before) < 3 and not has_complement


def _is_predicate(words: Sequence[Token], i: int) -> bool:
    """Whether `words[i]` is said of the subject: composed, free, immutable."""
    before = words[i - 1].text if i else ""
    if words[i].is_participle and before in ("a", "ont", "ai", "as", "avons", "avez", "ete", "avoir"):
        return True
    adverbs = ("pas", "plus", "moins", "tres", "vraiment", "aussi", "trop", "ete")
    at = i - 1
    while at > 0 and words[at].text in adverbs:
        at -= 1
    is_noun = words[i].text in words_of("attributes") or words[i].text in words_of("nouns_like_infinitives")
    return at >= 0 and words[at].text in ("est", "sont", "etre", "etait", "etaient", "soit") and i > 1 and not is_noun


def _continues(words: Sequence[Token], i: int) -> int:
    """How many words from `i` on belong to the noun phrase before them."""
    text = words[i].text
    following = words[i + 1].text if i + 1 < len(words) else ""
    if text in ("de", "d'", "du", "des", "a", "au", "et", "entre"):
        if text in ("a", "au") and (text == "a" and is_determiner(following)):
            return 0
        noun_follows = i + 1 < len(words) and not is_closed(words, i + 1)
        if not noun_follows:
            return 0
        length = 1
        while is_determiner(words[i + length].text) and i + length + 1 < len(words):
            length += 1
        return length + 1
    return 0 if is_closed(words, i) or is_determiner(text) else 1


def _complement(words: Sequence[Token], start: int, end: int) -> int | None:
    """Where what an attribute is said of begins, at its preposition."""
    i = start
    while i < end and is_determiner(words[i].text):
        i += 1
    if i >= end or words[i].text not in words_of("attributes"):
        return None
    if i == start and i + 1 < end and not is_closed(words, i + 1) and not is_determiner(words[i + 1].text):
        return i + 1
    for j in range(i + 1, end - 1):
        if words[j].text in ("de", "d'", "du", "des", "entre"):
            return j
    return None


def _cut(question: str, words: Sequence[Token], start: int, end: int, is_complement: bool) -> Topic:
    first = words[start]
    last = words[end - 1].end
    if is_complement and first.text in ("de", "d'", "du", "des", "entre"):
        link = "entre" if first.text == "entre" else "de"
        article = {"du": "le ", "des": "les "}.get(first.text, "")
        return Topic(question, first.start, last, link, article + question[words[start + 1].start : last])
    before = words[start - 1] if start else first
    link = {"que": "que", "qu'": "que", "de": "de", "d'": "de", "à": "à"}.get(
        question[before.start : before.end].lower().replace("’", "'"), ""
    )
    return Topic(question, before.start if link else first.start, last, link, question[first.start : last])
