"""Markdown of Slack's streams: an answer, sentence by sentence.

Slack escapes nothing there and knows mentions between angle brackets
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block): what the material holds of marks is shown as it is.
"""

import re

from reperage.service.answering.citations import AnswerText
from reperage.service.contract.answer import AnswerSentence, Citation
from reperage.service.slack.rich_text import is_clickable

_JOINER = "\u2060"
"""Character that is not seen, and keeps what stands around it from being read as one."""
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_~[]"} | {mark: mark + _JOINER for mark in "<@"})
_ENTITY = re.compile(r"&(?=#?\w+;)")
_AT_A_LINE = re.compile(r"^([ \t]*)(?=[#>+=|-])", re.M)
_NUMBER_AT_A_LINE = re.compile(r"^([ \t]*\d+)(?=[.)])", re.M)
_CALL = re.compile(r"<(?=[@#!])(?!!--|!doctype\b)", re.I)


class StreamedText(AnswerText):
    """Text of an answer in Markdown; links to the quotes where `base_url` is."""

    def __init__(self, base_url: str) -> None:
        def mark(citation: Citation) -> str:
            label = f"\\[{citation.number}\\]"
            if not base_url or not is_clickable(citation.url):
                return label
            return f"[{label}]({citation.url.replace('(', '%28').replace(')', '%29')})"

        super().__init__(mark, _markdown)


def _markdown(sentence: AnswerSentence) -> str:
    """Markdown of a sentence, whose characters are no marks and call nobody."""
    if sentence.kind == "code":
        fence = "```"
        while fence in sentence.text:
            fence += "`"
        return f"{fence}\n{_CALL.sub('<' + _JOINER, sentence.text)}\n{fence}"
    text = _ENTITY.sub("&" + _JOINER, sentence.text).translate(_MARKS)
    return _NUMBER_AT_A_LINE.sub(r"\1\\", _AT_A_LINE.sub(r"\1\\", text))
