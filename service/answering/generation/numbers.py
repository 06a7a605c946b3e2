"""The numbers in a text, in figures and in words, so that the same ones are found to be the same."""

import re
from collections.abc import Iterator

from reperage.index.text.folding import fold

_FIGURES = re.compile(r"(?<![\w.,])-?\d+(?:[.,:/-]\d+)*(?:\s?[%€$£])?|\d+(?:[.,:/-]\d+)*(?:\s?[%€$£])?")
_SPACES_IN_NUMBER = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)")
_WORD = re.compile(r"[^\W\d_]+")
_ORDINAL = re.compile(r"(?P<of>\w{2,}?)iemes?$")

_VALUES = """
    zero:0 deux:2 trois:3 quatre:4 cinq:5 six:6 sept:7 huit:8 neuf:9 dix:10 onze:11 douze:12 treize:13 quatorze:14
    quinze:15 seize:16 vingt:20 vingts:20 trente:30 quarante:40 cinquante:50 soixante:60 septante:70 huitante:80
    nonante:90 cent:100 cents:100 mille:1000 million:1000000 millions:1000000 milliard:1000000000 milliards:1000000000
    two:2 three:3 four:4 five:5 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 twenty:20 thirty:30 forty:40 fifty:50
    sixty:60 hundred:100 thousand:1000
"""
_OTHERS = """
    dizaine:10 douzaine:12 quinzaine:15 vingtaine:20 trentaine:30 quarantaine:40 cinquantaine:50 soixantaine:60
    centaine:100 millier:1000 dozen:12 moitie:1/2 demi:1/2 demie:1/2 tiers:1/3 quart:1/4 double:2 triple:3 quadruple:4
    half:1/2 quarter:1/4 twice:2 second:2 seconde:2 third:3 quatr:4 cinqu:5 neuv:9 onz:11 douz:12 treiz:13
    quatorz:14 quinz:15 seiz:16 trent:30 quarant:40 cinquant:50 soixant:60 mill:1000
    janvier:janvier fevrier:fevrier mars:mars avril:avril mai:mai juin:juin juillet:juillet aout:aout
    septembre:septembre octobre:octobre novembre:novembre decembre:decembre lundi:lundi mardi:mardi mercredi:mercredi
    jeudi:jeudi vendredi:vendredi samedi:samedi dimanche:dimanche siecle:siecle january:janvier february:fevrier
    march:mars april:avril june:juin july:juillet august:aout september:septembre october:octobre november:novembre
    december:decembre monday:lundi tuesday:mardi wednesday:mercredi thursday:jeudi friday:vendredi saturday:samedi
    sunday:dimanche century:siecle
"""
_CARDINAL = {word: int(value) for word, value in (pair.split(":") for pair in _VALUES.split())}
_NAMES = dict(pair.split(":") for pair in _OTHERS.split())


def numbers_in(text: str) -> frozenset[str]:
    """The numbers, fractions, months, days and centuries of a text, each in one form; `un` and `de zéro` are none."""
    plain = _SPACES_IN_NUMBER.sub("", text)
    figures = {"".join(match.split()).replace(",", ".") for match in _FIGURES.findall(plain)}
    words = _WORD.findall(fold(plain).replace("de zero", " "))
    names = {_NAMES[key] for word in words if (key := _base(word)) in _NAMES}
    return frozenset(figures | names | set(_in_words(words)))


def is_number(word: str) -> bool:
    """Whether a word is one that `numbers_in` reads."""
    key = fold(word)
    return key in _CARDINAL or _base(key) in _NAMES


def _base(word: str) -> str:
    """What an ordinal or a plural is made from."""
    ordinal = _ORDINAL.match(word)
    if ordinal:
        return ordinal["of"] if ordinal["of"] in _NAMES else ordinal["of"] + "e"
    return word[:-1] if word.endswith("s") and word[:-1] in _NAMES else word


def _in_words(words: list[str]) -> Iterator[str]:
    """The numbers that are written in words: `vingt-deux`, `quatre-vingts`, `deux cents`, `vingt et un`."""
    value: int | None = None
    for word in words:
        ordinal = _ORDINAL.match(word)
        word = ordinal["of"] if ordinal and ordinal["of"] in _CARDINAL else word
        if word in _CARDINAL:
            value = _combined(value, _CARDINAL[word])
        elif word in ("un", "une") and value is not None:
            value += 1
        elif word != "et" and value is not None:
            yield str(value)
            value = None
    if value is not None:
        yield str(value)


def _combined(value: int | None, further: int) -> int:
    if value is None:
        return further
    return value * further if further >= 100 or (value == 4 and further == 20) else value + further
