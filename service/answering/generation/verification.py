"""Verification of a sentence that a language model wrote against the quotes that it names."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal

from reperage.index.text.analysis import STOP_WORDS, term_set, terms
from reperage.index.text.dictionary import french
from reperage.index.text.folding import fold
from reperage.service.answering.extractive import Quote
from reperage.service.answering.generation.numbers import is_number, numbers_in
from reperage.service.answering.generation.output_parser import GeneratedSentence

LEAST_SHARE = 0.7
"""The least share of a sentence's content words that its quotes or their headings hold."""

_LONGEST = 1000
"""Characters that a sentence may have."""

FailedCheck = Literal[
    "no quote",
    "length",
    "characters",
    "markup",
    "code",
    "command",
    "literal",
    "number",
    "negation",
    "no words",
    "words",
    "name",
]

_SAME = str.maketrans(dict.fromkeys("‘’ʼ′", "'") | dict.fromkeys("“”„«»″", '"') | dict.fromkeys("∕⁄", "/") | {"−": "-"})
_UNSEEN = {"Cf", "Cc", "Co", "Cs"}
_MARKUP = re.compile(r"<[!/?a-z]|&#?\w+;|\]\s?\(|!\[", re.I)
_INLINE = re.compile(r"`([^`\n]+)`")
_CODE = re.compile(r"(`+)(?P<code>.+?)\1", re.S)
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[%€$£])")
# What may stand around code and literals in a quote: nothing that they could go on with.
_BEFORE, _BEHIND = r"(?<![^\s\"'`(\[*])", r"(?=$|[\s\"'`)\],;!?…*]|[.:](?:\s|$|[\"'`)\]*]))"
_BETWEEN = re.compile(r"[\s\"()\[\],;'`|<>]+")
# Options, paths, addresses, file names, variables, names in capitals: what must be written just so.
_LITERAL = re.compile(r"^--?[^\W\d_]|[/\\_@=$~%^#+*]|\w[.:]\w|^\.\w|[^\W\d_]\d|[a-z][A-Z]|[A-Z]{2}")
# What stands before a command: of other code, such as `image` in a text about images, prose may follow.
_RUNS = re.compile(
    r"commandes?|commands?|(?:tap|lanc|execut|utilis|employ|appel|entr|saisi)(?:e|er|ez|ons|ant|ss\w+|r)|fai(?:re|tes)"
    r"|avec|via|par|grace|use|run|type|with|using|by"
)
_ROMAN = re.compile(r"[IVXLCDM]+")
_VERB = r"(?:ne|n|est|sont|sera|seront|peut|peuvent|doit|doivent|ont|permet|permettent|reste|restent)"
_CLAUSE = re.compile(
    r"[,;:()—–]|\s-\s|\b(?:mais|or|car|donc|tandis que|alors que|but|while)\b"
    rf"|\bet\b(?=(?:\W+\w+){{0,4}}?\W+{_VERB}\b)",
    re.I,
)
# What opens so and has no verb is no clause: "Depuis la machine, …".
_OPENING = re.compile(
    r"\s*(?:contrairement|depuis|dans|avec|pour|par|sur|en|a|au|aux|selon|lors|durant|pendant|apres|avant|comme)\b"
)
_NO_NEGATION = re.compile(
    r"\b(?:ni plus ni moins|sans (?:arret|cesse|doute|plus|probleme|difficulte)|pas a pas|rien que|non seulement)\b"
)
_NE = re.compile(r"\b(?:ne|n)\b")
_WITH_NE = re.compile(r"\b(?:pas|jamais|aucune?|rien|ni|guere)\b")
_ALONE = re.compile(
    r"\b(?:sans|faux|fausses?|incapables?|impossibles?|(?:empech|interdi|evit|refus)\w*|non|not|never|no|none|without|cannot)\b"
)
_NEGATING = re.compile(r"(?:in|im|il|ir|non)(?=\w{4})")
_CONNECTIVES = term_set(
    "inverse contrairement contraire revanche effet exemple cas sorte façon manière également notamment"
    " seulement uniquement simplement"
)
_ALIKE = 5
"""Words with so many first letters in common are taken for forms of one: `persister`, `persistance`."""


def verify(sentence: GeneratedSentence, quotes: Sequence[Quote]) -> FailedCheck | None:
    """The first check that a sentence fails; `None` where its quotes bear out all of it that can be read off its
    words."""
    if not quotes:
        return "no quote"
    if len(sentence.text) > _LONGEST:
        return "length"
    source = _plain("\n".join(text for quote in quotes for text in (quote.text, quote.sentence.shown)))
    if any(unicodedata.category(c) in _UNSEEN and c not in "\n\t" and c not in source for c in sentence.text):
        return "characters"
    if sentence.kind == "code":
        is_quoted = any(_holds(code, sentence.text) for quote in quotes for code in _code_of(quote))
        return None if is_quoted else "code"
    shown = _plain(sentence.shown)
    if any(mark.group() not in source for mark in _MARKUP.finditer(_INLINE.sub(" ", sentence.text))):
        return "markup"
    return _failed_literally(sentence, shown, source, quotes) or _failed_in_words(shown, source, quotes)


def _failed_literally(
    sentence: GeneratedSentence, shown: str, source: str, quotes: Sequence[Quote]
) -> FailedCheck | None:
    """The check of what must stand in a quote as it is written that fails, if one does."""
    if not all(_holds(source, code) for code in _INLINE.findall(sentence.text)):
        return "code"
    words = [word.rstrip(".:!?…") for word in _BETWEEN.split(shown)]
    if any(_LITERAL.search(word) and not _holds(source, word) for word in words if word):
        return "literal"
    roman = (word.strip(".:!?…,;()") for word in shown.split())
    if not numbers_in(shown) <= numbers_in(source) or any(
        _ROMAN.fullmatch(word) and not _holds(source, word) for word in roman
    ):
        return "number"
    known = frozenset(_WORD.findall(fold(source))) | STOP_WORDS
    spans = [code.split() for quote in quotes for code in _code_of(quote) if code]
    # "`port exposé`" is prose that stands out.
    with_arguments = {
        span[0] for span in spans if not span[0][:1].isupper() and any(fold(part) not in french() for part in span[1:])
    }
    code = {span[0] for span in spans if span}
    for before, word, following in zip(["", *words], words, words[1:], strict=False):
        is_command = word in with_arguments or (word in code and _RUNS.fullmatch(fold(before)))
        if is_command and following and fold(following) not in known:
            return "command"
    return None


def _failed_in_words(shown: str, source: str, quotes: Sequence[Quote]) -> FailedCheck | None:
    """The check of what the words of the quotes must say that fails, if one does."""
    if not _same_polarity(shown, quotes):
        return "negation"
    texts = [quote.sentence.shown for quote in quotes]
    titles = [title for quote in quotes for title in quote.section.heading_path]
    quoted = frozenset[str]().union(*map(term_set, [*texts, *titles]))
    unnumbered = _WORD.sub(lambda word: " " if is_number(word.group()) else word.group(), shown)
    own = [term for term in dict.fromkeys(terms(unnumbered)) if term not in _CONNECTIVES and not term.isdigit()]
    if not own:
        return "no words"
    if sum(_is_quoted(term, quoted) for term in own) < LEAST_SHARE * len(own):
        return "words"
    known = frozenset(_WORD.findall(fold(source))) | STOP_WORDS
    for i, word in enumerate(_WORD.findall(shown)):
        key = fold(word)
        lacks = len(key) > 1 and key not in known and not quoted.issuperset(terms(word) or [key])
        if lacks and (key not in french() or (i and word[0].isupper())):
            return "name"
    return None


def _same_polarity(shown: str, quotes: Sequence[Quote]) -> bool:
    """Whether each clause denies what the clause of the quotes that shares most words with it denies, and nothing
    else."""
    texts = [_plain(quote.sentence.shown) for quote in quotes]
    words = frozenset(_WORD.findall(fold(" ".join(texts))))
    quote_clauses: list[tuple[frozenset[str], bool]] = []
    for text in texts:
        clauses = [(term_set(clause), _denies(clause, words)) for clause in _clauses(text)]
        quote_clauses += [*clauses, (term_set(text), any(denies for _, denies in clauses))]
    for clause in _clauses(shown):
        own = term_set(clause)
        # Of those that share as many words the one with the fewest others: a clause rather than its sentence.
        nearness = [(len(own & of_quote), -len(of_quote)) for of_quote, _ in quote_clauses]
        nearest = {denies for near, (_, denies) in zip(nearness, quote_clauses, strict=True) if near == max(nearness)}
        if own and _denies(clause, words) not in nearest:
            return False
    return True


def _clauses(text: str) -> Iterator[str]:
    """The clauses of a sentence; what is none of its own goes with the one behind it, at the end with the one
    before."""
    clauses: list[str] = []
    waiting = ""
    for part in _CLAUSE.split(text):
        waiting = f"{waiting} {part}"
        plain = fold(waiting).replace("'", " ")
        opens = _OPENING.match(plain) and not re.search(rf"\b{_VERB}\b", plain)
        if len(term_set(part)) >= 2 and not opens:
            clauses.append(waiting)
            waiting = ""
    if clauses:
        clauses[-1] += f" {waiting}"
    return iter(clauses or [waiting])


def _denies(clause: str, words: frozenset[str]) -> bool:
    """Whether a clause denies something: an odd number of negations, "inaccessible" for the quotes' "accessible"
    among them."""
    plain = _NO_NEGATION.sub(" ", fold(clause).replace("'", " "))
    with_ne = len(_NE.findall(plain))
    count = (with_ne or len(_WITH_NE.findall(plain))) + len(_ALONE.findall(plain))
    stems = {word[:_ALIKE] for word in words if len(word) >= _ALIKE}
    for word in _WORD.findall(plain):
        prefix = _NEGATING.match(word)
        count += bool(prefix and word not in words and word[prefix.end() :][:_ALIKE] in stems)
    return count % 2 == 1


def _is_quoted(term: str, quoted: frozenset[str]) -> bool:
    return term in quoted or (len(term) >= _ALIKE and any(other.startswith(term[:_ALIKE]) for other in quoted))


def _code_of(quote: Quote) -> list[str]:
    """The code in a quote; none where its words deny something: it may be what must not be done."""
    if quote.sentence.kind == "code":
        return [_plain(quote.text), _plain(quote.sentence.shown)]
    if _denies(_plain(quote.sentence.shown), frozenset()):
        return []
    return [_plain(match["code"]) for match in _CODE.finditer(quote.text)]


def _plain(text: str) -> str:
    """`text` with one way to write dashes, quotes, digits and blanks."""
    same = unicodedata.normalize("NFKC", text).translate(_SAME)
    dashed = "".join("-" if unicodedata.category(c) == "Pd" else c for c in same)
    return _BEFORE_UNIT.sub("", " ".join(dashed.split()))


def _holds(text: str, code: str) -> bool:
    """Whether `text`, plain, holds `code` as a whole, but for white space."""
    plain = _plain(code)
    return bool(plain) and bool(re.search(f"{_BEFORE}{re.escape(plain)}{_BEHIND}", text))
