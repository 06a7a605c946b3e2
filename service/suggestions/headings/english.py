"""English headings as questions."""

import re

from reperage.index.text.folding import fold_keeping_length
from reperage.service.messages import messages
from reperage.service.suggestions.headings.usage import articles_before, as_within_sentences, is_name

_WORD = re.compile(r"\w[\w+#./-]*")
_CONNECTIVES = frozenset({"and", "or", "for", "with", "in", "on", "to", "from", "by", "at", "as"})


def english_question(phrase: str, text: str, verbs: frozenset[str]) -> str | None:
    """The question that a heading without a question mark stands for; `None` in doubt.

    `text` is its document's; `verbs` are those that may open an instruction.
    """
    words = [fold_keeping_length(word) for word in _WORD.findall(phrase)]
    if len(words) > 1 and words[0] in ("what", "how", "why", "when", "where", "who", "which"):
        if words[:2] == ["how", "to"]:
            return messages("en")["suggestion_how"].format(phrase=phrase.split(" ", 2)[-1]) if words[2:] else None
        return f"{phrase[:1].upper()}{phrase[1:]}?"
    if len(words) > 1 and words[0] in verbs:
        return messages("en")["suggestion_how"].format(phrase=phrase[:1].lower() + phrase[1:])
    if not words or _CONNECTIVES & set(words):
        return None
    return _about(phrase, text)


def _about(phrase: str, text: str) -> str | None:
    forms = messages("en")
    phrase_within_sentences = as_within_sentences(phrase, text)
    articles = articles_before(phrase_within_sentences, text)
    if not articles and is_name(phrase, text):
        return forms["suggestion_what"].format(phrase=phrase)
    articles = articles or articles_before(phrase_within_sentences.split()[-1], text)
    if articles["a"] + articles["an"]:
        article = "an" if re.match("[aeiou]", fold_keeping_length(phrase_within_sentences)) else "a"
        return forms["suggestion_what"].format(phrase=f"{article} {phrase_within_sentences}")
    if re.search(r"[^s]s$", fold_keeping_length(phrase_within_sentences)):
        return forms["suggestion_what_many"].format(phrase=phrase_within_sentences)
    if articles["the"]:
        return forms["suggestion_what"].format(phrase=f"the {phrase_within_sentences}")
    return None
