"""A French question in its conversation: its words, and the topics that its pronouns may stand for."""

import re
from dataclasses import dataclass
from functools import cached_property

from reperage.service.answering.question.follow_up.phrases import plural, with_small_article
from reperage.service.answering.question.follow_up.topic import Token, Topic, is_object, noun_end, noun_start

INVERTED = re.compile(r"(\w\w+?)(?:-t)?-(il|elle|ils|elles)")
AGREEMENT = {
    "il": ("m", False),
    "elle": ("f", False),
    "ils": ("m", True),
    "elles": ("f", True),
    "le": ("m", False),
    "la": ("f", False),
    "les": ("", True),
    "quel": ("m", False),
    "quelle": ("f", False),
    "quels": ("m", True),
    "quelles": ("f", True),
}


@dataclass(frozen=True)
class QuestionInConversation:
    """A question, its words without marks at its end, the question before it, and the topics before it, the last one
    first."""

    text: str
    words: list[Token]
    previous: str
    topics: list[Topic]

    @cached_property
    def wording(self) -> str:
        """Its words without marks, a space between them."""
        return " ".join(word.text for word in self.words if word.text[0].isalnum())

    @cached_property
    def noun_at(self) -> int:
        """Where its own first noun begins; behind its end where it has none."""
        start = noun_start(self.words)
        return len(self.words) if start is None else start

    @cached_property
    def end(self) -> int:
        """Where its last word ends."""
        return self.words[-1].end

    def topic(self, gender: str = "", several: bool = False) -> str | None:
        """What a pronoun of this gender and number may stand for, the last named first."""
        fitting = [topic for topic in self.topics if not gender or topic.gender in ("", gender)]
        for topic in (*(t for t in fitting if t.is_plural == several), *fitting):
            if topic.is_plural == several:
                return with_small_article(topic.phrase)
            if several:
                return plural(with_small_article(topic.phrase))
        return None

    def last_topic(self) -> str:
        return with_small_article(self.topics[0].phrase)

    def names_before(self, i: int) -> bool:
        """Whether the question names something of its own before its word `i`, which that may stand for.

        `quels fichiers contient-elle ?` does not: the two do not agree.
        """
        if self.noun_at >= i:
            return False
        determiner = self.words[self.noun_at - 1].text if self.noun_at else ""
        is_counted = self.noun_at > 1 and self.words[self.noun_at - 2].text == "combien"
        end = noun_end(self.words, self.noun_at)
        has_name = any(self.text[word.start].isupper() for word in self.words[self.noun_at + 1 : end])
        second = noun_start(self.words, end)
        if (
            not (determiner.startswith("quel") or is_counted)
            or has_name
            or end > i
            or (second is not None and second < i)
        ):
            return True
        inverted = INVERTED.fullmatch(self.words[i].text)
        pronoun = inverted.group(2) if inverted else self.words[i].text
        agrees = AGREEMENT.get(determiner) == AGREEMENT.get(pronoun, ())
        return not is_object(self.words, i) and (agrees or self.words[self.noun_at].text == "heure")

    def names_after(self, i: int) -> bool:
        """Whether what the word `i` stands for is named behind it: `ça sert à quoi, un port ?`."""
        for at in range(i + 1, len(self.words)):
            asks = self.words[at - 1].text in ("quoi", "comment", "ou", "combien", "quand", "pourquoi", ",")
            if asks and noun_start(self.words, at) == at:
                return True
        return False
