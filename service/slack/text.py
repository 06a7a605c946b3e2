"""Text as Slack writes it: what people typed, read; what is shown, so that nobody is called by it.

Slack writes mentions, channels and links between angle brackets, and `&`, `<` and `>` as entities
(https://docs.slack.dev/messaging/formatting-message-text).
"""

import html
import re

_REFERENCE = re.compile(r"<([^<>\n]+)>")
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_SPACES = re.compile(r"[^\S\n]+")
# Asterisks and underscores stay where they stand in a word, as in `snake_case`. No mark stands between two of its own,
# so that no text takes longer than its length.
_MARKS = [
    re.compile(r"(`+)([^`]+)\1"),
    *(re.compile(rf"(?<![\w{m}])({m}+)(?=[^\s{m}])([^{m}\n]+)(?<=\S)\1(?![\w{m}])") for m in ("\\*", "_", "~")),
]


def readable_text(text: str) -> str:
    """A message as its writer sees it, without mentions and without marks of bold, emphasis and code."""
    text_without_marks = _REFERENCE.sub(_reference_text, text)
    for mark in _MARKS:
        text_without_marks = mark.sub(r"\2", text_without_marks)
    unescaped_text = html.unescape(text_without_marks)
    return "\n".join(_SPACES.sub(" ", line).strip() for line in unescaped_text.splitlines()).strip()


def mentions(text: str) -> list[str]:
    """Slack's names of the people and bots that a message mentions, in its order."""
    return _MENTION.findall(text)


def escape(text: str) -> str:
    """Text that a message of ours shows as it is: no mention, no link, whatever stands in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    """A link in `mrkdwn`."""
    return f"<{escape(url).replace('|', '%7C')}|{escape(label).replace('|', '¦')}>"


def _reference_text(reference: re.Match[str]) -> str:
    target, _, label = reference.group(1).partition("|")
    if target.startswith(("@", "!")):
        return " "
    if target.startswith("#"):
        return f"#{label}" if label else " "
    return label or target.removeprefix("mailto:")
