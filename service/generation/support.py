"""Whether quotes support a sentence that a language model wrote."""

import re
from collections.abc import Sequence
from typing import Literal

from index.analysis import STOP_WORDS, fold, term_set, terms
from index.dictionary import french
from service.compose import Quote
from service.generation.written import Written

LEAST_SHARE = 0.7
"""The least share of a sentence's content words that its quotes or their headings hold."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_INLINE = re.compile(r"`([^`\n]+)`")
_SPACES_IN_NUMBER = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_BETWEEN = re.compile(r"[\s«»\"()\[\],;'`]+")
# Options, paths, addresses, file names, variables, names in capitals: what must be written just so.
_LITERAL = re.compile(r"--?[^\W\d_]|.*[/\\_@=$~]|.*\w[.:]\w|.*[^\W\d_]\d|.*[a-z][A-Z]|[A-Z]{2}")
_NEGATION = re.compile(
    r"\b(?:ne|n|pas|jamais|aucune?|sans|non|rien|ni|impossibles?|interdit\w*|not|never|no|none|without|cannot|n't)\b"
)
_NUMBER_WORDS = """
    zero:0 deux:2 trois:3 quatre:4 cinq:5 six:6 sept:7 huit:8 neuf:9 dix:10 onze:11 douze:12 treize:13 quatorze:14
    quinze:15 seize:16 vingt:20 trente:30 quarante:40 cinquante:50 soixante:60 cent:100 cents:100 mille:1000
    million:1000000 millions:1000000 milliard:1000000000 milliards:1000000000
    dizaine:10 dizaines:10 douzaine:12 douzaines:12 vingtaine:20 trentaine:30 quarantaine:40 cinquantaine:50
    centaine:100 centaines:100 millier:1000 milliers:1000
    deuxieme:2 troisieme:3 quatrieme:4 cinquieme:5 sixieme:6 septieme:7 huitieme:8 neuvieme:9 dixieme:10
    double:2 triple:3 moitie:1/2 tiers:1/3
    two:2 three:3 four:4 five:5 seven:7 eight:8 nine:9 ten:10 twelve:12 twenty:20 thirty:30 hundred:100 thousand:1000
    second:2 third:3 twice:2 half:1/2
"""
_NUMBERS = dict(pair.split(":") for pair in _NUMBER_WORDS.split())
_CALENDAR_WORDS = """
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    lundi mardi mercredi jeudi vendredi samedi dimanche siecle siecles
    january february march april june july august october november december
    monday tuesday wednesday thursday friday saturday sunday century
"""
_CALENDAR = frozenset(_CALENDAR_WORDS.split())

Refusal = Literal["no quote", "code", "literal", "number", "negation", "no words", "words", "foreign word"]


def refusal(written: Written, quotes: Sequence[Quote]) -> Refusal | None:
    """What the quotes do not bear out of what is written; `None` where they bear out all of it that can be read off
    its words."""
    if not quotes:
        return "no quote"
    sources = [source for quote in quotes for source in (quote.text, quote.sentence.shown)]
    plain = " ".join(_plain(source) for source in sources)
    if written.kind == "code":
        return None if any(_holds(source, written.text) for source in sources) else "code"
    if not all(_holds(plain, code) for code in _INLINE.findall(written.text)):
        return "code"
    shown = written.shown
    for word in _BETWEEN.split(_plain(shown)):
        if _LITERAL.match(literal := word.strip(".:!?…")) and not _holds(plain, literal):
            return "literal"
    if not _numbers(shown) <= _numbers(plain):
        return "number"
    if all(_negated(shown) != _negated(quote.sentence.shown) for quote in quotes):
        return "negation"
    return _words_missing(shown, quotes)


def _words_missing(shown: str, quotes: Sequence[Quote]) -> Refusal | None:
    """Too many words that the quotes lack, or one that may be a name or a command."""
    held = frozenset[str]().union(
        *(term_set(quote.sentence.shown) for quote in quotes),
        *(term_set(title) for quote in quotes for title in quote.section.heading_path),
    )
    own = list(dict.fromkeys(terms(shown)))
    if not own:
        return "no words"
    missing = [term for term in own if term not in held]
    if len(own) - len(missing) < LEAST_SHARE * len(own):
        return "words"
    plain = fold(" ".join(quote.sentence.shown for quote in quotes))
    for i, match in enumerate(_WORD.finditer(shown)):
        for word in re.split(r"['’-]", match.group()):
            key = fold(word)
            lacking = len(key) > 1 and key not in STOP_WORDS and not (term_set(word) & held) and key not in plain
            if lacking and (key not in french() or (i and word[:1].isupper()) or key in _CALENDAR):
                return "foreign word"
    return None


def _plain(text: str) -> str:
    return _SPACES_IN_NUMBER.sub("", " ".join(text.replace("’", "'").split()))


def _holds(text: str, code: str) -> bool:
    """Whether `text` holds `code` as a whole, but for white space."""
    wanted = _plain(code)
    return bool(wanted) and bool(re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", _plain(text)))


def _numbers(text: str) -> set[str]:
    """The numbers in a text, in figures and in words, and its days and months."""
    plain = _plain(text)
    words = {fold(word) for word in _WORD.findall(plain)}
    found = {number.replace(",", ".") for number in _NUMBER.findall(plain)}
    return found | {_NUMBERS[word] for word in words if word in _NUMBERS} | (words & _CALENDAR)


def _negated(text: str) -> bool:
    return bool(_NEGATION.search(fold(text).replace("’", " ").replace("'", " ")))
