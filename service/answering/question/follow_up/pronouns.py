"""What the pronouns of a question stand for: `peut-elle`, `la supprimer`, `ses avantages`, `ça`."""

import re
from collections.abc import Sequence

from reperage.index.text.folding import flat
from reperage.service.answering.question.follow_up.asked import AGREEMENT, INVERTED, Asked
from reperage.service.answering.question.follow_up.ellipsis import matter
from reperage.service.answering.question.follow_up.grammar import is_infinitive, words_of
from reperage.service.answering.question.follow_up.topic import Token, is_object, noun_end, noun_start
from reperage.service.answering.question.follow_up.wording import (
    attach,
    capital,
    definite,
    ended,
    lowered,
    matched,
    without_connection,
)

_IMPERSONAL = re.compile(
    r"il (?:n'|ne )?(?:me |te |nous |vous |s'|se )?(?:y |en existe|faut|faudra|existe|suffit|convient|agit|vaut|pleut"
    r"|peut que|se passe|arrive|reste|manque|semble"
    r"|(?:est|serait|etait) \w+ (?:\w+ )?(?:de|d'|que|qu')"
    r"|est (?:\w+ )?(?:possible|necessaire|obligatoire|conseille|recommande|preferable|utile|interdit|important)"
    r"|fait (?:quel|beau|froid|chaud|nuit|jour))"
    r"|(?:faut|existe|suffit|convient|agit|vaut|faudra|pleut|semble|passe|passait|produit|advient|arrive|reste|manque)"
    r"(?:-t)?-il\b"
    r"|(?:est|serait|sera|etait)-il (?:\w+ (?:\w+ )?(?:de|d'|que|qu')|arrive|passe|advenu"
    r"|(?:\w+ )?(?:possible|necessaire|obligatoire|conseille|recommande|preferable|utile|interdit|important))"
)
_CONTRACTED = {"de": "de", "a": "à"}
_LOCATED = {"dessus": "sur", "dedans": "dans"}
_VERBS_OF_IT = {"sert": "servent", "marche": "marchent", "fonctionne": "fonctionnent"}
_IT = re.compile(r"(?:et |mais |donc )?(a quoi|comment) (?:ca|cela) (sert|marche|fonctionne)")


def possessive(asked: Asked) -> str | None:
    """`ses avantages` are those of what was spoken of."""
    words = asked.words
    at = next((i for i, word in enumerate(words) if word.text in words_of("possessives")), None)
    if at is None or at + 1 >= len(words) or asked.noun < at or not _is_possessive(words, at):
        return None
    end = noun_end(words, at + 1) if noun_start(words, at + 1) == at + 1 else at + 2
    topic = asked.topic(several=words[at].text in ("leur", "leurs")) or asked.last()
    head = definite(words[at].text, asked.text[words[at + 1].start : words[at + 1].end])
    noun = asked.text[words[at + 1].start : words[end - 1].end]
    front = asked.text[: words[at].start]
    before = words[at - 1] if at else None
    if before and before.text in _CONTRACTED and head in ("le ", "les "):
        front = asked.text[: before.start]
        head = attach(_CONTRACTED[before.text], f"{head}x")[:-1]
    return capital(f"{front}{head}{noun} {attach('de', topic)}{asked.text[words[end - 1].end :]}", asked.text)


def object_pronoun(asked: Asked) -> str | None:
    """`comment la supprimer ?`, `si je l'arrête` have their object before them."""
    words = asked.words
    at = next((i for i in range(len(words)) if is_object(words, i) or _is_elided_object(words, i)), None)
    if at is None or at + 1 >= len(words) or asked.named_before(at):
        return None
    verb = at + 1
    gender, several = AGREEMENT.get(words[at].text, ("", False))
    topic = asked.topic(gender, several) or asked.last()
    subject = words[at - 1].text if at else ""
    if subject in (*words_of("subjects"), "qui") and words[verb].text in words_of("having"):
        return _aside(asked, topic)
    if words[verb].text == "faire" and verb + 1 == len(words):
        done = matter(asked.topics[0])
        return ended(asked.text[: words[at].start] + done) if done else _aside(asked, topic)
    while verb + 1 < len(words) and is_infinitive(words[verb].text) and is_infinitive(words[verb + 1].text):
        verb += 1
    front = asked.text[: words[at].start]
    if subject in ("je", "ne") and re.match("[aeiouyh]", words[at + 1].text):
        front = f"{front.rstrip()[:-1]}'"
    done = asked.text[words[at + 1].start : words[verb].end]
    return f"{front}{done} {topic}{asked.text[words[verb].end :]}"


def subject_pronoun(asked: Asked) -> str | None:
    """`peut-elle être modifiée ?`, `elle est composée de quoi ?` have a pronoun for their subject."""
    words = asked.words
    for at, word in enumerate(words):
        inverted = INVERTED.fullmatch(word.text)
        pronoun = inverted.group(2) if inverted else word.text
        if pronoun not in ("il", "elle", "ils", "elles"):
            continue
        before = words[at - 1].text if at else ""
        impersonal = _IMPERSONAL.match(flat(asked.text), word.start) or before in words_of("impersonal_verbs")
        anyone = [word.text for word in words[max(at - 2, 0) : at]] == ["importe", "qui"]
        if impersonal or anyone or asked.named_before(at) or asked.named_after(at):
            return None
        gender, several = AGREEMENT[pronoun]
        topic = asked.topic(gender, several)
        if topic is None:
            return _aside(asked, asked.last())
        return _inverted(asked, at, topic) if inverted else _named(asked, at, topic)
    return None


def it_pronoun(asked: Asked) -> str | None:
    """`à quoi ça sert ?`, `c'est gratuit ?` speak of what was spoken of."""
    words = asked.words
    if match := _IT.fullmatch(asked.key):
        verb = _VERBS_OF_IT[match.group(2)] if asked.topics[0].is_plural else match.group(2)
        return f"{ {'a quoi': 'À quoi', 'comment': 'Comment'}[match.group(1)] } {verb} {asked.last()} ?"
    if re.fullmatch(r"(?:et |mais |donc )?qu' est-ce que c' est", asked.key):
        return f"Qu'est-ce {attach('que', asked.last())} ?"
    if re.fullmatch(r"(?:et |mais |donc )?c' est quoi(?: ca)?(?: exactement| concretement| au juste)?", asked.key):
        return f"C'est quoi {asked.last()} ?"
    at = next((i for i in range(len(words)) if _is_it(words, i)), None)
    if at is None or asked.noun < at or asked.named_after(at):
        return None
    if asked.noun < len(words) and words[asked.noun - 1].text not in words_of("before_adjunct"):
        return None
    done = matter(asked.topics[0]) if at and words[at - 1].text in ("faire", "fait") else None
    return _aside(asked, done or asked.last())


def other_pronouns(asked: Asked) -> str | None:
    """`comment y accéder ?`, `combien peut-on en créer ?`, `celle-ci`, `dessus`."""
    words = asked.words
    for at, word in enumerate(words):
        if asked.named_before(at):
            return None
        if word.text in _LOCATED and at + 1 == len(words):
            placed = f"{_LOCATED[word.text]} {asked.last()}"
            return f"{asked.text[: word.start]}{placed}{asked.text[word.end :]}"
        if re.fullmatch("(?:celui|celle|ceux|celles)-(?:ci|la)", word.text):
            return _named(asked, at, asked.last())
        following = words[at + 1].text if at + 1 < len(words) else ""
        if word.text in ("y", "en", "lui", "leur") and is_infinitive(following):
            return _aside(asked, asked.last())
        subject = words[at - 1].text if at else ""
        if word.text in ("y", "en") and subject in words_of("subjects") - {"il"} and following:
            return _aside(asked, asked.last())
    return None


def _is_possessive(words: Sequence[Token], at: int) -> bool:
    """Whether the possessive `at` is of no one in its own question, as it is in `créer ses images`."""
    if words[at + 1].text in ("quoi", "koi") or is_infinitive(words[at + 1].text):
        return False
    front = [word.text for word in words[:at]]
    copula = {"est", "sont", "etait", "etaient"} & set(front)
    if "malgre" in front or ("qui" in front and not copula):
        return False
    return not any(is_infinitive(word) or word in words_of("subjects") or INVERTED.fullmatch(word) for word in front)


def _inverted(asked: Asked, at: int, topic: str) -> str:
    """`comment fonctionne-t-elle ?` with its subject before the verb; behind it after `que`."""
    words, text = asked.words, asked.text
    if at and words[at - 1].text in ("que", "qu'"):
        verb = re.split(r"-", text[words[at].start : words[at].end], maxsplit=1)[0]
        return f"{text[: words[at].start]}{verb} {topic}{text[words[at].end :]}"
    first = at
    while first and words[first - 1].text in words_of("clitics"):
        first -= 1
    front = without_connection(text[: words[first].start])
    return capital(f"{front}{topic} {lowered(text[words[first].start :])}", "" if not front else text)


def _named(asked: Asked, at: int, topic: str) -> str:
    """A question with `topic` for the pronoun `at`."""
    words, text = asked.words, asked.text
    before = words[at - 1] if at else None
    behind = text[words[at].end :]
    if before and before.text.endswith("'"):
        full = {"s'": "si", "lorsqu'": "lorsque", "puisqu'": "puisque", "jusqu'": "jusque"}.get(before.text, "que")
        named = matched(attach(full, topic), text[before.start : before.end])
        return f"{text[: before.start]}{named}{behind}"
    front = without_connection(text[: words[at].start])
    return capital(f"{front}{topic}{behind}", "" if not front else text)


def _is_it(words: Sequence[Token], i: int) -> bool:
    following = words[i + 1].text if i + 1 < len(words) else ""
    if words[i].text == "c'":
        return following in ("est", "etait", "sera", "etait-ce")
    if i and words[i - 1].text in ("comme", "part"):
        return False
    return words[i].text in ("ca", "cela", "ceci") and following not in ("va", "y")


def _is_elided_object(words: Sequence[Token], i: int) -> bool:
    if not i or words[i].text != "l'" or i + 1 == len(words):
        return False
    before = words[i - 1].text
    had = before == "qui" and i == 1 and words[i + 1].text in words_of("having")
    return had or before in ("je", "tu", "nous", "vous", "il", "elle", "on")


def _aside(asked: Asked, phrase: str) -> str:
    """What a question is about, said before it: `Une image Docker, comment ça marche ?`"""
    return f"{capital(phrase)}, {lowered(without_connection(asked.text))}"
