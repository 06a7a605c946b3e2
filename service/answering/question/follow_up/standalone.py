"""A question that leans on the ones before it, made to stand alone; most stand alone and stay as they are."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from reperage.index.text.folding import fold_keeping_length
from reperage.index.text.language_detection import FRENCH_FUNCTION_WORDS, is_english
from reperage.service.answering.question.follow_up import english
from reperage.service.answering.question.follow_up.ellipsis import attribute, difference, elliptic, question_word
from reperage.service.answering.question.follow_up.pronouns import (
    it_pronoun,
    object_pronoun,
    other_pronouns,
    possessive,
    subject_pronoun,
)
from reperage.service.answering.question.follow_up.question_in_conversation import QuestionInConversation
from reperage.service.answering.question.follow_up.topic import tokens, topic_of

MOST_WORDS = 30
"""A longer question says what it is about."""
MOST_EARLIER = 4
"""How far back a pronoun reaches."""
_RULES: tuple[Callable[[QuestionInConversation], str | None], ...] = (
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
    plain = fold_keeping_length(text)
    if is_english(text) or (is_english(earlier[-1]) and not FRENCH_FUNCTION_WORDS & set(re.findall(r"\w+", plain))):
        return english.standalone(text, earlier) or question
    words = tokens(text)
    while words and not words[-1].text[-1].isalnum():
        words.pop()
    previous = unicodedata.normalize("NFC", earlier[-1]).strip()
    topics = [topic for other in reversed(earlier[-MOST_EARLIER:]) if (topic := topic_of(other))]
    if not words or len(words) > MOST_WORDS or not topics:
        return question
    in_conversation = QuestionInConversation(text, words, previous, topics)
    rewritten = next((result for rule in _RULES if (result := rule(in_conversation))), None)
    return question if rewritten is None else re.sub(r"\s+", " ", rewritten).strip()
