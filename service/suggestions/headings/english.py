"""English headings as questions."""

import re

from reperage.index.text.folding import fold_keeping_length
from reperage.service.messages import messages
from reperage.service.suggestions.headings.usage import articles_before, as_within_sentences, is_name

_WORD = re.compile(r"\w[\w+#./-]*")
_LINKS = frozenset({"and", "or", "for", "with", "in", "on", "to", "from", "by", "at", "as"})


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
    if not words or _LINKS & set(words):
        return None
    return _about(phrase, text)


def _about(phrase: str, text: str) -> str | None:
    forms = messages("en")
    small = as_within_sentences(phrase, text)
    before = articles_before(small, text)
    if not before and is_name(phrase, text):
        return forms["suggestion_what"].format(phrase=phrase)
    before = before or articles_before(small.split()[-1], text)
    if before["a"] + before["an"]:
        article = "an" if re.match("[aeiou]", fold_keeping_length(small)) else "a"
        return forms["suggestion_what"].format(phrase=f"{article} {small}")
    if re.search(r"[^s]s$", fold_keeping_length(small)):
        return forms["suggestion_what_many"].format(phrase=small)
    if before["the"]:
        return forms["suggestion_what"].format(phrase=f"the {small}")
    return None
