"""What the pronouns of a question stand for: `peut-elle`, `la supprimer`, `ses avantages`, `ça`."""

import re
from collections.abc import Sequence

from reperage.index.text.folding import fold_keeping_length
from reperage.service.answering.question.follow_up.ellipsis import clause_of
from reperage.service.answering.question.follow_up.grammar import is_infinitive, words_of
from reperage.service.answering.question.follow_up.phrases import (
    article_for,
    as_question,
    attach,
    capitalised,
    in_case_of,
    within_sentence,
    without_connective,
)
from reperage.service.answering.question.follow_up.question_in_conversation import (
    AGREEMENT,
    INVERTED,
    QuestionInConversation,
)
from reperage.service.answering.question.follow_up.topic import Token, is_object, noun_end, noun_start

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
_LINKS = {"de": "de", "a": "à"}
_PREPOSITIONS = {"dessus": "sur", "dedans": "dans"}
_VERBS_OF_IT = {"sert": "servent", "marche": "marchent", "fonctionne": "fonctionnent"}
_IT = re.compile(r"(?:et |mais |donc )?(a quoi|comment) (?:ca|cela) (sert|marche|fonctionne)")


def possessive(question: QuestionInConversation) -> str | None:
    """`ses avantages` are those of what was spoken of."""
    words = question.words
    at = next((i for i, word in enumerate(words) if word.text in words_of("possessives")), None)
    if at is None or at + 1 >= len(words) or question.noun_at < at or not _is_possessive(words, at):
        return None
    end = noun_end(words, at + 1) if noun_start(words, at + 1) == at + 1 else at + 2
    topic = question.topic(several=words[at].text in ("leur", "leurs")) or question.last_topic()
    head = article_for(words[at].text, question.text[words[at + 1].start : words[at + 1].end])
    noun = question.text[words[at + 1].start : words[end - 1].end]
    front = question.text[: words[at].start]
    before = words[at - 1] if at else None
    if before and before.text in _LINKS and head in ("le ", "les "):
        front = question.text[: before.start]
        head = attach(_LINKS[before.text], f"{head}x")[:-1]
    return capitalised(f"{front}{head}{noun} {attach('de', topic)}{question.text[words[end - 1].end :]}", question.text)


def object_pronoun(question: QuestionInConversation) -> str | None:
    """`comment la supprimer ?`, `si je l'arrête` have their object before them."""
    words = question.words
    at = next((i for i in range(len(words)) if is_object(words, i) or _is_elided_object(words, i)), None)
    if at is None or at + 1 >= len(words) or question.names_before(at):
        return None
    verb = at + 1
    gender, several = AGREEMENT.get(words[at].text, ("", False))
    topic = question.topic(gender, several) or question.last_topic()
    subject = words[at - 1].text if at else ""
    if subject in (*words_of("subjects"), "qui") and words[verb].text in words_of("having"):
        return _topic_first(question, topic)
    if words[verb].text == "faire" and verb + 1 == len(words):
        clause = clause_of(question.topics[0])
        return as_question(question.text[: words[at].start] + clause) if clause else _topic_first(question, topic)
    while verb + 1 < len(words) and is_infinitive(words[verb].text) and is_infinitive(words[verb + 1].text):
        verb += 1
    front = question.text[: words[at].start]
    if subject in ("je", "ne") and re.match("[aeiouyh]", words[at + 1].text):
        front = f"{front.rstrip()[:-1]}'"
    verbs = question.text[words[at + 1].start : words[verb].end]
    return f"{front}{verbs} {topic}{question.text[words[verb].end :]}"


def subject_pronoun(question: QuestionInConversation) -> str | None:
    """`peut-elle être modifiée ?`, `elle est composée de quoi ?` have a pronoun for their subject."""
    words = question.words
    for at, word in enumerate(words):
        inverted = INVERTED.fullmatch(word.text)
        pronoun = inverted.group(2) if inverted else word.text
        if pronoun not in ("il", "elle", "ils", "elles"):
            continue
        before = words[at - 1].text if at else ""
        plain = fold_keeping_length(question.text)
        is_impersonal = _IMPERSONAL.match(plain, word.start) or before in words_of("impersonal_verbs")
        is_anyone = [word.text for word in words[max(at - 2, 0) : at]] == ["importe", "qui"]
        if is_impersonal or is_anyone or question.names_before(at) or question.names_after(at):
            return None
        gender, several = AGREEMENT[pronoun]
        topic = question.topic(gender, several)
        if topic is None:
            return _topic_first(question, question.last_topic())
        return _uninverted(question, at, topic) if inverted else _with_topic(question, at, topic)
    return None


def it_pronoun(question: QuestionInConversation) -> str | None:
    """`à quoi ça sert ?`, `c'est gratuit ?` speak of what was spoken of."""
    words = question.words
    if match := _IT.fullmatch(question.wording):
        verb = _VERBS_OF_IT[match.group(2)] if question.topics[0].is_plural else match.group(2)
        return f"{ {'a quoi': 'À quoi', 'comment': 'Comment'}[match.group(1)] } {verb} {question.last_topic()} ?"
    if re.fullmatch(r"(?:et |mais |donc )?qu' est-ce que c' est", question.wording):
        return f"Qu'est-ce {attach('que', question.last_topic())} ?"
    if re.fullmatch(
        r"(?:et |mais |donc )?c' est quoi(?: ca)?(?: exactement| concretement| au juste)?", question.wording
    ):
        return f"C'est quoi {question.last_topic()} ?"
    at = next((i for i in range(len(words)) if _is_it(words, i)), None)
    if at is None or question.noun_at < at or question.names_after(at):
        return None
    if question.noun_at < len(words) and words[question.noun_at - 1].text not in words_of("before_adjunct"):
        return None
    clause = clause_of(question.topics[0]) if at and words[at - 1].text in ("faire", "fait") else None
    return _topic_first(question, clause or question.last_topic())


def other_pronouns(question: QuestionInConversation) -> str | None:
    """`comment y accéder ?`, `combien peut-on en créer ?`, `celle-ci`, `dessus`."""
    words = question.words
    for at, word in enumerate(words):
        if question.names_before(at):
            return None
        if word.text in _PREPOSITIONS and at + 1 == len(words):
            place = f"{_PREPOSITIONS[word.text]} {question.last_topic()}"
            return f"{question.text[: word.start]}{place}{question.text[word.end :]}"
        if re.fullmatch("(?:celui|celle|ceux|celles)-(?:ci|la)", word.text):
            return _with_topic(question, at, question.last_topic())
        following = words[at + 1].text if at + 1 < len(words) else ""
        if word.text in ("y", "en", "lui", "leur") and is_infinitive(following):
            return _topic_first(question, question.last_topic())
        subject = words[at - 1].text if at else ""
        if word.text in ("y", "en") and subject in words_of("subjects") - {"il"} and following:
            return _topic_first(question, question.last_topic())
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


def _uninverted(question: QuestionInConversation, at: int, topic: str) -> str:
    """`comment fonctionne-t-elle ?` with its subject before the verb; behind it after `que`."""
    words, text = question.words, question.text
    if at and words[at - 1].text in ("que", "qu'"):
        verb = re.split(r"-", text[words[at].start : words[at].end], maxsplit=1)[0]
        return f"{text[: words[at].start]}{verb} {topic}{text[words[at].end :]}"
    first = at
    while first and words[first - 1].text in words_of("clitics"):
        first -= 1
    front = without_connective(text[: words[first].start])
    return capitalised(f"{front}{topic} {within_sentence(text[words[first].start :])}", "" if not front else text)


def _with_topic(question: QuestionInConversation, at: int, topic: str) -> str:
    """A question with `topic` for the pronoun `at`."""
    words, text = question.words, question.text
    before = words[at - 1] if at else None
    behind = text[words[at].end :]
    if before and before.text.endswith("'"):
        full = {"s'": "si", "lorsqu'": "lorsque", "puisqu'": "puisque", "jusqu'": "jusque"}.get(before.text, "que")
        attached = in_case_of(attach(full, topic), text[before.start : before.end])
        return f"{text[: before.start]}{attached}{behind}"
    front = without_connective(text[: words[at].start])
    return capitalised(f"{front}{topic}{behind}", "" if not front else text)


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
    is_had_by_it = before == "qui" and i == 1 and words[i + 1].text in words_of("having")
    return is_had_by_it or before in ("je", "tu", "nous", "vous", "il", "elle", "on")


def _topic_first(question: QuestionInConversation, phrase: str) -> str:
    """What a question is about, said before it: `Une image Docker, comment ça marche ?`"""
    return f"{capitalised(phrase)}, {within_sentence(without_connective(question.text))}"
