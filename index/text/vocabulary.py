"""Vocabulary of a course: its words, and the one that is nearest to a misspelt word."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from reperage.index.text.dictionary import WordList, dictionary, french
from reperage.index.text.folding import fold
from reperage.index.text.phonetics import initial, may_sound_alike, sound
from reperage.index.text.shorthand import names, question_words

MOST_PROPOSED = 30_000
"""The most frequent words are proposed; the others of a course are known, and stay as they are."""

FILE = "vocabulary.tsv"
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
# The last characters before a word that opens a text, a sentence, a line or a part of a heading.
_OPENS = re.compile(r"(?:^|[.!?:…›|\n])[\s#*>«“\"'(\[–—•-]*$")
_LEAD = 12
_SHORTEST, _LONGEST = 4, 32
_LONG = 9
"""From this length on, two letters may be wrong."""
_SHORTEST_NAME = 6
"""A shorter word with a capital inside a sentence is a name."""
_LEAST_NAME_COUNT = 5
"""A name is taken for a word that the course has so often at least."""
_FURTHEST = 3
"""How many letters may differ between two words that sound alike."""
_SHORTEST_SOUND = 3
"""Shorter sounds are too many words'."""
_PARTICIPLE = re.compile(r"ée?s?$")
_ENDING = re.compile(
    r"(?:[sxz]|er|ees?|es|e?nt|ants?|ait|aient|ais|ables?|(?:is)?ations?|ements?|eurs?|euses?|ives?|ifs?|ites?|iques?"
    r"|ies?|iens?|iennes?|is(?:e[rs]?|ees?|mes?|tes?|ant|ent))$"
)


class Vocabulary:
    """The words of one course, looked up as they are or misspelt; never changes."""

    def __init__(self, known: Iterable[str], proposed: Mapping[str, tuple[str, int]]) -> None:
        """`known` are folded words; `proposed` gives the surface form and the count of some of them."""
        self._known = WordList(known)
        self._knows = lru_cache(maxsize=16384)(self._known.__contains__)
        self._proposed = proposed
        self._candidates: dict[tuple[str, int], list[str]] = defaultdict(list)
        for key in sorted({*proposed, *question_words()}):
            self._candidates[initial(key), len(key)].append(key)
        self._nearest = lru_cache(maxsize=4096)(self._find_nearest)

    @classmethod
    def build(cls, prose: Iterable[str], code: Iterable[str]) -> "Vocabulary":
        """From the texts of a course; words of `code` are known and never proposed."""
        forms: dict[str, Counter[str]] = defaultdict(Counter)
        for surface, count in Counter(chain.from_iterable(map(_prose_words, prose))).items():
            forms[fold(surface)][surface] = count
        counts = {key: (_usual(surfaces), surfaces.total()) for key, surfaces in forms.items()}
        order = sorted(counts, key=lambda key: (-counts[key][1], key))
        proposed = [key for key in order if _SHORTEST <= len(key) <= _LONGEST and _is_word(key, counts[key][1])]
        known = counts.keys() | {fold(word) for text in code for word in _words(text)}
        return cls(known, {key: counts[key] for key in proposed[:MOST_PROPOSED]})

    def save(self, folder: Path) -> None:
        """Write `vocabulary.tsv` into `folder`: a line a word, with its surface form and count where proposed."""
        with (folder / FILE).open("w", encoding="utf-8", newline="\n") as lines:
            for key in self._known:
                surface, count = self._proposed.get(key, ("", 0))
                lines.write(f"{key}\t{surface}\t{count}\n" if count else f"{key}\n")

    @classmethod
    def load(cls, folder: Path) -> "Vocabulary":
        """Read what `save` wrote.

        Raises:
            ValueError: it is not what `save` wrote.
        """
        known: list[str] = []
        proposed: dict[str, tuple[str, int]] = {}
        for line in (folder / FILE).read_text(encoding="utf-8").split("\n")[:-1]:
            key, *rest = line.split("\t")
            known.append(key)
            if rest:
                surface, count = rest
                proposed[key] = (key if surface == key else surface, int(count))
        return cls(known, proposed)

    def __contains__(self, word: str) -> bool:
        """Whether the course has `word`, whatever its accents and capitals."""
        return self._knows(fold(word))

    def nearest(self, word: str, *, name: bool = False) -> str | None:
        """The word that a misspelt `word` stands for; `None` where it is spelt right, or nothing is near enough.

        A word that may be a name must be long and all but right.
        """
        key = fold(word)
        if not _SHORTEST <= len(key) <= _LONGEST or self._knows(key):
            return None
        return self._nearest(word.lower(), name)

    def _find_nearest(self, word: str, name: bool) -> str | None:
        key = fold(word)
        if key in dictionary() or (name and len(key) < _SHORTEST_NAME):
            return None
        ranked: list[tuple[int, bool, int, str]] = []
        for candidate, distance in self._near(key):
            is_near = distance <= _most_wrong_letters(key, candidate)
            sounds_alike = _sounds_alike(key, candidate)
            if not is_near and not sounds_alike:
                continue
            if _inflects(key, candidate) or (word.endswith("é") and key == candidate + "e"):
                return None
            if distance > 1 and not sounds_alike and any(slip in dictionary() for slip in _slips(key)):
                continue
            count = self._proposed.get(candidate, ("", 0))[1]
            if is_near and (not name or (distance == 1 and count >= _LEAST_NAME_COUNT)):
                ranked.append((distance - sounds_alike, len(candidate) <= len(key), -count, candidate))
            elif sounds_alike and not name:
                ranked.append((distance - 1, len(candidate) <= len(key), -count, candidate))
        return self._form(word, min(ranked)[3]) if ranked else None

    def _near(self, key: str) -> Iterator[tuple[str, int]]:
        """Words that begin alike, with how many letters differ."""
        first = initial(key)
        for length in range(len(key) - 2, len(key) + 3):
            if words := self._candidates.get((first, length)):
                for word, distance, _ in extract(key, words, scorer=OSA.distance, score_cutoff=_FURTHEST, limit=None):
                    yield word, int(distance)

    def _form(self, word: str, candidate: str) -> str:
        """The surface form of `candidate`: without its last letter where that is French and nearer to `word`, in small
        letters where it is no name, and with the accent that `word` ends in where it is a participle."""
        surface = self._proposed[candidate][0] if candidate in self._proposed else question_words()[candidate]
        if surface.istitle() and candidate in french() and candidate not in names():
            surface = surface.lower()
        shorter, key = candidate[:-1], fold(word)
        if shorter in dictionary() and OSA.distance(key, shorter) < OSA.distance(key, candidate):
            surface = surface[:-1]
        ending = _PARTICIPLE.search(word)
        if ending and surface.endswith(plain := fold(ending.group())) and _is_verb(fold(surface)[: -len(plain)]):
            surface = surface[: -len(plain)] + ending.group()
        return surface


def _words(text: str) -> Iterator[str]:
    return (match.group() for match in _WORD.finditer(unicodedata.normalize("NFC", text)))


def _prose_words(text: str) -> Iterator[str]:
    """The words of `text`, those that open a sentence in small letters: their capital tells nothing."""
    text = unicodedata.normalize("NFC", text)
    for match in _WORD.finditer(text):
        word = match.group()
        before = text[max(0, match.start() - _LEAD) : match.start()]
        yield word.lower() if word[0].isupper() and not word.isupper() and _OPENS.search(before) else word


def _usual(forms: Counter[str]) -> str:
    """The most frequent form; words in capitals have lost their accents."""
    return min(forms, key=lambda form: (form.isupper(), -forms[form], not form.islower(), form))


def _is_verb(stem: str) -> bool:
    return stem + "er" in dictionary()


def _is_word(key: str, count: int) -> bool:
    """Whether a word of the course is no slip of the course's own."""
    return count > 1 or key in dictionary()


def _most_wrong_letters(key: str, candidate: str) -> int:
    """How many letters of `key` may be wrong; in four letters one may only be missing or out of place."""
    if len(key) >= _LONG:
        return 2
    return int(len(key) > _SHORTEST or len(candidate) > len(key) or sorted(candidate) == sorted(key))


def _sounds_alike(one: str, other: str) -> bool:
    if not may_sound_alike(one, other):
        return False
    own_sound = sound(one)
    return len(own_sound) >= _SHORTEST_SOUND and own_sound == sound(other)


def _slips(key: str) -> Iterator[str]:
    """What `key` is but for a letter that is doubled or not, or two that changed places."""
    for i, letter in enumerate(key):
        yield key[:i] + letter + key[i:]
        if key[i + 1 : i + 2] == letter:
            yield key[:i] + key[i + 1 :]
        yield key[:i] + key[i + 1 : i + 2] + letter + key[i + 2 :]


def _inflects(key: str, candidate: str) -> bool:
    """Whether two words are forms of one: the same but for an ending that French has."""
    if candidate in (key + "s", key + "x", key + "e") or key in (candidate + "s", candidate + "x"):
        return True
    root = _ENDING.sub("", key, count=1)
    if root == key:
        return False
    return len(root) > _SHORTEST and root == _ENDING.sub("", candidate, count=1)
