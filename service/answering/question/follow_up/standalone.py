"""A question that leans on the ones before it, made to stand alone; most stand alone and stay as they are."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from reperage.index.text.folding import flat
from reperage.index.text.language_detection import FRENCH, is_english
from reperage.service.answering.question.follow_up import english
from reperage.service.answering.question.follow_up.asked import Asked
from reperage.service.answering.question.follow_up.ellipsis import attribute, difference, elliptic, question_word
from reperage.service.answering.question.follow_up.pronouns import (
    it_pronoun,
    object_pronoun,
    other_pronouns,
    possessive,
    subject_pronoun,
)
from reperage.service.answering.question.follow_up.topic import tokens, topic_of

MOST_WORDS = 30
"""A longer question says what it is about."""
MOST_EARLIER = 4
"""How far back a pronoun reaches."""
_RULES: tuple[Callable[[Asked], str | None], ...] = (
    question_word,
    difference,
    possessive,
    attribute,
    elliptic,
    object_pronoun,
    subject_pronoun,
    it_pronoun,
    other_pronouns,
)


def standalone(question: str, earlier: Sequence[str]) -> str:
    """`question` with what it leaves unsaid, from the `earlier` questions of its conversation, oldest first.

    `earlier` stand alone themselves. A question that does too is returned unchanged.
    """
    if not earlier:
        return question
    text = unicodedata.normalize("NFC", question).strip()
    plain = flat(text)
    if is_english(text) or (is_english(earlier[-1]) and not FRENCH & set(re.findall(r"\w+", plain))):
        return english.standalone(text, earlier) or question
    words = tokens(text)
    while words and not words[-1].text[-1].isalnum():
        words.pop()
    before = unicodedata.normalize("NFC", earlier[-1]).strip()
    topics = [topic for past in reversed(earlier[-MOST_EARLIER:]) if (topic := topic_of(past))]
    if not words or len(words) > MOST_WORDS or not topics:
        return question
    asked = Asked(text, words, before, topics)
    found = next((made for rule in _RULES if (made := rule(asked))), None)
    return question if found is None else re.sub(r"\s+", " ", found).strip()
