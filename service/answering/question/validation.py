"""Whether a question can be asked at all."""

import re

from reperage.service.errors import InvalidQuestion

_HALF = re.compile("[\ud800-\udfff]")
_TWO_LETTERS = re.compile(r"[^\W_].*[^\W_]", re.DOTALL)


def checked_question(question: str, max_length: int) -> str:
    """`question` without white space around it.

    Raises:
        InvalidQuestion: it cannot be asked; says why.
    """
    stripped = question.strip()
    if len(stripped) > max_length:
        raise InvalidQuestion(f"The question has {len(stripped)} characters; ask it in at most {max_length}.")
    if "\0" in stripped:
        raise InvalidQuestion("The question holds a NUL character; send plain text.")
    if _HALF.search(stripped):
        raise InvalidQuestion("The question holds half of a surrogate pair; send valid Unicode text.")
    if not _TWO_LETTERS.search(stripped):
        raise InvalidQuestion("The question is empty or too short; write at least a word.")
    return stripped
