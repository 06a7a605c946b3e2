"""An answer as a message of Slack's.

The material's text stands in `rich_text`, where nothing is read as a mention or as a mark
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block); only links and numbers are ours.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from reperage.service.contract.answer import Answer, AnswerSentence, Citation, RelatedSection
from reperage.service.messages import messages
from reperage.service.slack.rich_text import Block, Body, clickable
from reperage.service.slack.text import escaped, link

RATE = "repere_rate"
MISSING = "repere_missing"
READ_ON = "repere_read_on"
COURSE = "repere_course"
"""Actions, by the names that come back when somebody presses them."""

_LARGEST = 11_000
"""Bytes of a message's blocks: Slack was seen to refuse them from about 13,200 on, which its pages do not say."""
LONGEST_MARKDOWN = 8000
"""Characters of Markdown in one message: Slack was seen to end streams of 10,600 bytes, which its pages do not say."""
_LONGEST_TEXT = 3000
_LONGEST_LABEL = 75
_LONGEST_PLACE = 300
_LONGEST_QUOTE = 200
_LONGEST_QUESTION = 300
_MOST_COURSES = 100
_SHORTENED = (2000, 1000, 500)
"""Characters that are tried of a sentence that is too long by itself."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message: `text` for notifications and screen readers, `blocks` for everybody else."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def rendered(answer: Answer, base_url: str, read_on: RelatedSection | None = None) -> Reply:
    """The message for an answer; `read_on` is a section to go on with.

    Links begin with `base_url`; without it there are none, as nobody could open them.
    """
    before = _read_as(answer)
    after = [*_buttons(answer, base_url, read_on), *_opinion(answer)]
    text = _said(answer.answer)
    if not answer.sentences:
        return Reply(text, [*before, _section(text), *_related(answer, base_url), *_hint(answer), *after])
    for sentences, is_whole, quotes in _ways_to_show(answer):
        body = Body(answer.citations, base_url)
        for sentence in sentences:
            body.add(sentence)
        cut = [] if is_whole else _whole(answer, base_url)
        blocks = [*before, *body.blocks(), *cut, *_sources(sentences, answer, base_url, quotes=quotes), *after]
        if _size(blocks) <= _LARGEST:
            return Reply(text, blocks)
    return Reply(text, [*before, _section(_said(answer.answer, 800)), *_whole(answer, base_url), *after])


def closing(answer: Answer, base_url: str, read_on: RelatedSection | None = None, above: int = 0) -> list[Block]:
    """What stands below an answer whose sentences are there already, in `above` bytes."""
    before = _read_as(answer)
    after = [*_buttons(answer, base_url, read_on), *_opinion(answer)]
    for quotes in (True, False):
        blocks = [*before, *_sources(answer.sentences, answer, base_url, quotes=quotes), *after]
        if _size(blocks) <= _LARGEST - above:
            return blocks
    return [*_whole(answer, base_url), *after]


def so_far(text: str, markdown: str) -> Reply:
    """An answer that is still being written, as plain text and in Markdown."""
    return Reply(_said(text), [{"type": "markdown", "text": _cut(markdown, LONGEST_MARKDOWN)}])


def notice(text: str) -> Reply:
    """A message of the assistant's own words."""
    return Reply(text, [_section(text)])


def which_course(courses: Sequence[tuple[str, str]], ts: str, language: str) -> Reply:
    """Asks for the course, by name and title, that the question at `ts` is for."""
    text = messages(language)
    options = [
        {"text": {"type": "plain_text", "text": _label(title or name)}, "value": name}
        for name, title in courses
        if len(name) <= _LONGEST_LABEL
    ]
    if not options:
        return notice(text["slack_unavailable"])
    asked, most = text["slack_which_course"], min(len(options), _MOST_COURSES)
    while True:
        menu = {
            "type": "static_select",
            "action_id": COURSE,
            "placeholder": {"type": "plain_text", "text": text["slack_choose"]},
            "options": options[:most],
        }
        more = [_context(text["slack_more_courses"])] if most < len(courses) else []
        blocks = [_section(asked), {"type": "actions", "block_id": f"course:{ts}", "elements": [menu]}, *more]
        if _size(blocks) <= _LARGEST:
            return Reply(asked, blocks)
        most -= 1


def _read_as(answer: Answer) -> list[Block]:
    """What the question was read as, where that is news."""
    text, said = messages(answer.language), []
    if answer.correction:
        said.append(text["results_for"].format(question=_cut(answer.correction.to, _LONGEST_QUESTION)))
    typed = answer.correction.to if answer.correction else answer.question
    if answer.standalone_question not in typed:
        said.append(text["read_as"].format(question=_cut(answer.standalone_question, _LONGEST_QUESTION)))
    return [_context(escaped(line)) for line in said]


def _ways_to_show(answer: Answer) -> Iterator[tuple[Sequence[AnswerSentence], bool, bool]]:
    """From the whole answer with its quotes to the beginning of its first sentence; whether it is whole, and with
    quotes."""
    whole, quotes = answer.sentences, answer.composer != "extractive"
    yield whole, True, quotes
    if quotes:
        yield whole, True, False
    for count in range(len(whole) - 1, 0, -1):
        yield whole[:count], False, quotes
    for longest in _SHORTENED:
        text = _cut(whole[0].text, longest)
        yield [whole[0].model_copy(update={"text": text, "spans": []})], False, False


def _sources(shown: Sequence[AnswerSentence], answer: Answer, base_url: str, *, quotes: bool) -> list[Block]:
    """The places that the shown sentences come from, in their order; with the words there, where `quotes`."""
    numbers = {number for sentence in shown for number in sentence.citations}
    places: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        if citation.number in numbers:
            place = " › ".join([citation.document_title, *citation.heading_path])
            places.setdefault(place, []).append(citation)
    words = messages(answer.language)["source_quote"]
    lines = []
    for place, cited in places.items():
        name = _linked(cited[0].url, _cut(place, _LONGEST_PLACE), base_url)
        lines.append(f"{_marks([citation.number for citation in cited])} {name}")
        for citation in cited if quotes else ():
            quote = _cut(" ".join((citation.shown or citation.quote).split()), _LONGEST_QUOTE)
            which = f"[{citation.number}] " if len(cited) > 1 else ""
            lines.append(f"{which}{escaped(words.format(quote=quote))}")
    return [_context(text) for text in _together(lines)]


def _marks(numbers: Sequence[int]) -> str:
    """The numbers of one place; of more than three in a row the first and the last."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = (f"[{run[0]}]–[{run[-1]}]" if len(run) > 3 else "".join(f"[{number}]" for number in run) for run in runs)
    return "".join(said)


def _together(lines: Sequence[str]) -> list[str]:
    """Lines in as few texts as Slack allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= _LONGEST_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def _related(answer: Answer, base_url: str) -> list[Block]:
    """The sections worth reading, as a list."""
    empty = f" {messages(answer.language)['section_without_text']}"
    items: list[Block] = []
    for section in answer.related_sections:
        place = _cut(" › ".join(section.heading_path) or section.document_id, _LONGEST_PLACE)
        shown: Block = {"type": "text", "text": place}
        if base_url and clickable(section.url):
            shown = {"type": "link", "url": section.url, "text": place}
        said = [{"type": "text", "text": empty}] if section.is_empty else []
        items.append({"type": "rich_text_section", "elements": [shown, *said]})
    if not items:
        return []
    return [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": items}]}]


def _hint(answer: Answer) -> list[Block]:
    """What to do where the material does not answer."""
    return [_context(messages(answer.language)["slack_hint"])] if answer.status == "not_in_material" else []


def _opinion(answer: Answer) -> list[Block]:
    """Thumbs under an answer."""
    if answer.status != "answered":
        return []
    text = messages(answer.language)
    thumbs: Block = {"type": "feedback_buttons", "action_id": RATE}
    for side, rating in (("positive", "up"), ("negative", "down")):
        thumbs[f"{side}_button"] = {
            "text": {"type": "plain_text", "text": text[f"slack_{rating}"]},
            "accessibility_label": text[f"slack_{rating}"],
            "value": f"{rating}:{answer.id}",
        }
    return [{"type": "context_actions", "elements": [thumbs]}]


def _buttons(answer: Answer, base_url: str, read_on: RelatedSection | None) -> list[Block]:
    """The next section to read, or a way to say that one is missing."""
    text = messages(answer.language)
    buttons: list[Block] = []
    if read_on is not None and base_url and clickable(read_on.url):
        title = read_on.heading_path[-1] if read_on.heading_path else read_on.document_id
        label = {"type": "plain_text", "text": _label(text["slack_read_on"].format(title=title))}
        buttons.append({"action_id": READ_ON, "url": read_on.url, "text": label})
    if answer.status in ("not_in_material", "section_empty"):
        said = {"type": "plain_text", "text": text["slack_missing"]}
        buttons.append({"action_id": MISSING, "value": f"missing:{answer.id}", "text": said})
    return [{"type": "actions", "elements": [{"type": "button"} | button for button in buttons]}] if buttons else []


def _whole(answer: Answer, base_url: str) -> list[Block]:
    """Says that there is more, and where."""
    text = messages(answer.language)
    if not base_url:
        return [_context(text["slack_cut"])]
    page = f"{base_url}/courses/{answer.course}"
    asking = f"{page}?{urlencode({'q': answer.standalone_question})}"
    return [_context(_linked(asking if clickable(asking) else page, text["slack_whole"], base_url))]


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    """A text of ours; `verbatim`, so that no plain `@channel` in it is read as one."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _linked(url: str, label: str, base_url: str) -> str:
    return link(url, label) if base_url and clickable(url) else escaped(label)


def _label(text: str) -> str:
    return _cut(text, _LONGEST_LABEL)


_HALF_AN_ENTITY = re.compile(r"&[a-z]*…$")


def _said(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` as it is, in a text of ours."""
    return _HALF_AN_ENTITY.sub("…", _cut(escaped(text), longest))


def _cut(text: str, longest: int) -> str:
    """The beginning of a text, to the end of a line or a word where there is one."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    ends = (at for at in (kept.rfind("\n"), kept.rfind(" ")) if at > longest // 2)
    return kept[: next(ends, None)].rstrip() + "…"


def _size(blocks: Sequence[Block]) -> int:
    return len(json.dumps(blocks, ensure_ascii=False).encode())
