"""What a question leaves out: `pourquoi ?`, `et un port interne ?`, `quels sont les avantages ?`"""

import re

from reperage.index.text.folding import fold_keeping_length
from reperage.service.answering.question.follow_up.grammar import is_infinitive, words_of
from reperage.service.answering.question.follow_up.phrases import (
    AND,
    as_question,
    attach,
    capitalised,
    with_small_article,
    within_sentence,
)
from reperage.service.answering.question.follow_up.question_in_conversation import QuestionInConversation
from reperage.service.answering.question.follow_up.topic import (
    Topic,
    is_attribute,
    noun_end,
    noun_start,
    tokens,
    topic_of,
)
from reperage.service.answering.question.question_type import question_type_of

_ALONE = re.compile(r"(?:(?:et|mais|ah|donc|alors) )*(pourquoi|comment|ou|quand)(?: (?:ca|cela|donc|exactement))?")
_MORE = re.compile(
    r"(?:(?:et|mais|ah|ok|donc|alors|du coup) )*(?:sinon|apres|ensuite|quoi d' autre|autre chose|(?:(?:t' )?as )?"
    r"(?:tu as |tu aurais |vous avez |donne(?:z)?(?: ?-?moi)? )?(?:par exemple|(?:un|une|des|d' autres) exemples?)"
    r"|exemples?|c' ?est(?:-| )a(?:-| )dire|cad|dans ce cas|en detail|plus (?:precisement|simplement|de details?)"
    r"|(?:tu peux |peux-tu |vous pouvez |pouvez-vous )?(?:m' )?(?:explique[rz]?|precise[rz]?|developpe[rz]?"
    r"|detaille[rz]?)(?:-| )?(?:moi)?(?: (?:mieux|plus|davantage|plus simplement|encore))?"
    r"|dis(?: |-)m' en plus|dis-moi plus|encore|continue)(?: svp| stp)?"
)
_AGAIN = re.compile(
    r"(?:(?:mais|ah|ok|donc|alors|desole|pardon) )*(?:(?:je )?(?:ne )?comprends? (?:pas|rien)(?: bien| tout)?"
    r"|(?:je |j' )?(?:n' )?(?:ai )?(?:pas|rien)(?: bien| tout)? compris"
    r"|(?:tu peux |peux-tu |vous pouvez |pouvez-vous )?(?:reformule|repete|redis|simplifie|precise|detaille)[rz]?)"
    r"(?: svp| stp)?"
)
_OPENING = re.compile(
    r"(?:(?:et|mais|ou|sinon|alors|donc|ok|ah|du coup)[ ,]+)*(?:et|sinon|qu'en est-il|idem|(?:la )?meme question)[ ,]+"
)
_NOT_OF_CLAUSE = ("", "comment", "pourquoi", "ou", "quand", "est-ce", "est-ce que")
_ADJECTIVES = ("interne", "externe", "public", "prive", "local")
# "le cycle de vie d'une image": what is asked may be asked of something else.
_COMPLEMENT = re.compile(r"((?:l[ea]s? |l['’]).*?)(?:d['’](?=une? )|du |des |de (?:la |l['’]|cette |ce )).+", re.I)


def question_word(question: QuestionInConversation) -> str | None:
    """`pourquoi ?` asks it of what was asked before; `et ensuite ?` asks for more, `pas compris` the same again."""
    if _AGAIN.fullmatch(question.wording):
        return question.previous
    if match := _ALONE.fullmatch(question.wording):
        word, topic = match.group(1), topic_of(question.previous)
        clause = clause_of(topic) if topic and topic.link != "entre" else None
        if topic and clause is None and topic.link != "entre":
            linking = {"pourquoi": "Pourquoi", "comment": _agreed("Comment fonctionne", topic)}
            linking["ou"] = "Où sont" if topic.is_plural else "Où est"
            if word in linking:
                return f"{linking[word]} {with_small_article(topic.phrase)} ?"
        if clause and word != "quand":
            return f"{ {'ou': 'Où'}.get(word, word.capitalize()) } {clause} ?"
    elif not _MORE.fullmatch(question.wording):
        return None
    return f"{capitalised(question.text[: question.end])} : {within_sentence(question.previous)}"


def difference(question: QuestionInConversation) -> str | None:
    """`la différence avec un volume` is one from what was spoken of."""
    match = re.search(r"differences? (avec|par rapport (?:a|au|aux)|et|d'avec) ", fold_keeping_length(question.text))
    if match is None or "entre" in question.wording:
        return None
    if any(word.end < match.start() - 3 for word in question.words[question.noun_at :]):
        return None
    other = question.text[match.end() :]
    article = {"au": "le ", "aux": "les "}.get(match.group(1).rsplit(" ", 1)[-1], "")
    return f"{question.text[: match.start(1)]}entre {question.last_topic()} et {article}{other}"


def attribute(question: QuestionInConversation) -> str | None:
    """`quels sont les avantages ?` asks for those of what was spoken of."""
    words, start = question.words, question.noun_at
    if start >= len(words) or not words_of("copular").issuperset(word.text for word in words[:start]):
        return None
    if words[start].text in ("un", "une") or noun_end(words, start) != len(words):
        return None
    if not is_attribute(words, start, len(words)):
        return None
    if words[-1].text.startswith("difference"):
        others = dict.fromkeys(with_small_article(topic.phrase) for topic in reversed(question.topics[:2]))
        complement = f"entre {' et '.join(others)}" if len(others) > 1 else ""
    else:
        complement = attach("de", question.last_topic())
    if not complement:
        return None
    return capitalised(f"{question.text[: question.end]} {complement}{question.text[question.end :]}", question.text)


def elliptic(question: QuestionInConversation) -> str | None:
    """`et un port interne ?` asks the same of something else."""
    match = _OPENING.match(fold_keeping_length(question.text))
    words = [word for word in question.words if match and word.start >= match.end()]
    topic = topic_of(question.previous)
    if not words or topic is None:
        return None
    if words[0].text in ("celui", "celle", "ceux", "celles") and len(words) > 1:
        words = words[1:]
    preposition = words[0].text if words[0].text in words_of("prepositions") else ""
    article = {"du": "le ", "des": "les "}.get(words[0].text, "") if topic.link == "de" or words[0].text == "du" else ""
    preposition = "de" if article else preposition
    first = 1 if preposition else 0
    if len(words) == first or noun_start(words, first) != first or noun_end(words, first) != len(words):
        return None
    phrase = question.text[words[first].start : question.end]
    if preposition in ("", "pour", "de", "d'", "du", "entre"):
        phrase = article + phrase
        attribute_of = _COMPLEMENT.match(topic.phrase) if not topic.link else None
        if attribute_of:
            return as_question(topic.question_about(attribute_of.group(1) + attach("de", phrase)))
        return as_question(_question_about(topic, _same_noun(topic, phrase)))
    if topic.link == "entre":
        return as_question(_question_about(topic, phrase))
    front = question.previous[: topic.end]
    rest = question.previous[topic.end :].rstrip(" ?!.")
    cut = next((word.start for word in tokens(rest) if word.text == preposition), len(rest))
    return as_question(f"{front}{rest[:cut].rstrip()} {question.text[words[0].start : question.end]}")


def clause_of(topic: Topic) -> str | None:
    """What is done or said in a question, without what asks it; `None` where it only names something."""
    words = [word for word in tokens(topic.question) if word.end <= topic.start]
    rest = topic.question[topic.end :].rstrip(" ?!.")
    noun_phrase = topic.question[topic.start : topic.end]
    infinitive = next((word for word in words if is_infinitive(word.text)), None)
    if infinitive:
        return topic.question[infinitive.start : topic.end] + rest
    opening = " ".join(word.text for word in words)
    if rest and "quoi" not in fold_keeping_length(rest) and opening in _NOT_OF_CLAUSE:
        return with_small_article(topic.phrase if topic.link == "que" else noun_phrase) + rest
    return None


def _question_about(topic: Topic, phrase: str) -> str:
    """The earlier question about `phrase`; of two things compared, the second gives way to one and both to two."""
    compares = topic.link == "entre" or (AND.search(topic.phrase) and question_type_of(topic.question) == "difference")
    if compares and not AND.search(phrase):
        sides = topic.question[topic.start : topic.end]
        joints = [match.end() for match in AND.finditer(sides)]
        first = sides[: joints[-1]] if joints else f"{sides} et "
        return f"{topic.question[: topic.start]}{first}{phrase}{topic.question[topic.end :]}"
    about_phrase = topic.question_about(phrase)
    question = about_phrase if topic.start else capitalised(about_phrase)
    first = fold_keeping_length(phrase).split(" ", 1)[0]
    if first in ("un", "le"):
        return re.sub(r"(être \w+é)e\b", r"\1", re.sub(r"-elle\b", "-il", question))
    if first in ("une", "la") and topic.gender == "m":
        return re.sub(r"(être \w+é)\b", r"\1e", re.sub(r"-il\b", "-elle", question))
    return question


def _same_noun(topic: Topic, phrase: str) -> str:
    """`le chiffrement asymétrique` for `l'asymétrique` after `le chiffrement symétrique`."""
    old = topic.phrase.split(" ")
    new = re.split(r"(?<=['’])|\s", phrase, maxsplit=1)
    if len(old) != 3 or len(new) != 2 or " " in new[1] or "'" in topic.phrase:
        return phrase
    adjective, other = fold_keeping_length(old[2]), fold_keeping_length(new[1])
    is_pair = adjective != other and (adjective[-4:] == other[-4:] or other in _ADJECTIVES)
    return f"{old[0]} {old[1]} {new[1]}" if is_pair else phrase


def _agreed(words: str, topic: Topic) -> str:
    return words + "nt" if topic.is_plural else words
