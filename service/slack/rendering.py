"""Messages of Slack's, an answer's above all.

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
from reperage.service.slack.rich_text import Block, Body, is_clickable
from reperage.service.slack.text import escape, link

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
_SHORTER_LENGTHS = (2000, 1000, 500)
"""Characters that are tried of a sentence that is too long by itself."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message: `text` for notifications and screen readers, `blocks` for everybody else."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def answer_reply(answer: Answer, base_url: str, read_on: RelatedSection | None = None) -> Reply:
    """Message for an answer; `read_on` is a section to go on with.

    Links begin with `base_url`; without it there are none, as nobody could open them.
    """
    before = _reading_note(answer)
    after = [*_buttons(answer, base_url, read_on), *_thumbs(answer)]
    text = _escaped_beginning(answer.answer)
    if not answer.sentences:
        return Reply(text, [*before, _section(text), *_related_sections(answer, base_url), *_hint(answer), *after])
    for sentences, is_whole, quotes in _variants(answer):
        body = Body(answer.citations, base_url)
        for sentence in sentences:
            body.add(sentence)
        more = [] if is_whole else _link_to_whole(answer, base_url)
        blocks = [*before, *body.blocks(), *more, *_sources(sentences, answer, base_url, quotes=quotes), *after]
        if _size(blocks) <= _LARGEST:
            return Reply(text, blocks)
    return Reply(
        text, [*before, _section(_escaped_beginning(answer.answer, 800)), *_link_to_whole(answer, base_url), *after]
    )


def closing_blocks(answer: Answer, base_url: str, read_on: RelatedSection | None = None, above: int = 0) -> list[Block]:
    """Blocks that stand below an answer whose sentences are there already, in `above` bytes."""
    before = _reading_note(answer)
    after = [*_buttons(answer, base_url, read_on), *_thumbs(answer)]
    for quotes in (True, False):
        blocks = [*before, *_sources(answer.sentences, answer, base_url, quotes=quotes), *after]
        if _size(blocks) <= _LARGEST - above:
            return blocks
    return [*_link_to_whole(answer, base_url), *after]


def partial_reply(text: str, markdown: str) -> Reply:
    """Message for an answer that is still being written, as plain text and in Markdown."""
    return Reply(_escaped_beginning(text), [{"type": "markdown", "text": _beginning(markdown, LONGEST_MARKDOWN)}])


def notice(text: str) -> Reply:
    """A message of the assistant's own words."""
    return Reply(text, [_section(text)])


def course_menu(courses: Sequence[tuple[str, str]], ts: str, language: str) -> Reply:
    """Message that asks for the course, by name and title, that the question at `ts` is for."""
    text = messages(language)
    options = [
        {"text": {"type": "plain_text", "text": _label(title or name)}, "value": name}
        for name, title in courses
        if len(name) <= _LONGEST_LABEL
    ]
    if not options:
        return notice(text["slack_unavailable"])
    prompt, count = text["slack_which_course"], min(len(options), _MOST_COURSES)
    while True:
        menu = {
            "type": "static_select",
            "action_id": COURSE,
            "placeholder": {"type": "plain_text", "text": text["slack_choose"]},
            "options": options[:count],
        }
        more = [_context(text["slack_more_courses"])] if count < len(courses) else []
        blocks = [_section(prompt), {"type": "actions", "block_id": f"course:{ts}", "elements": [menu]}, *more]
        if _size(blocks) <= _LARGEST:
            return Reply(prompt, blocks)
        count -= 1


def _reading_note(answer: Answer) -> list[Block]:
    """Note of what the question was read as, where that is news."""
    text, lines = messages(answer.language), []
    if answer.correction:
        lines.append(text["results_for"].format(question=_beginning(answer.correction.to, _LONGEST_QUESTION)))
    typed = answer.correction.to if answer.correction else answer.question
    if answer.standalone_question not in typed:
        lines.append(text["read_as"].format(question=_beginning(answer.standalone_question, _LONGEST_QUESTION)))
    return [_context(escape(line)) for line in lines]


def _variants(answer: Answer) -> Iterator[tuple[Sequence[AnswerSentence], bool, bool]]:
    """Variants to show, from the whole answer with its quotes to the beginning of its first sentence; whether each is
    whole, and with quotes."""
    whole, quotes = answer.sentences, answer.composer != "extractive"
    yield whole, True, quotes
    if quotes:
        yield whole, True, False
    for count in range(len(whole) - 1, 0, -1):
        yield whole[:count], False, quotes
    for longest in _SHORTER_LENGTHS:
        text = _beginning(whole[0].text, longest)
        yield [whole[0].model_copy(update={"text": text, "spans": []})], False, False


def _sources(sentences: Sequence[AnswerSentence], answer: Answer, base_url: str, *, quotes: bool) -> list[Block]:
    """Places that `sentences` come from, in their order; with the words there, where `quotes`."""
    numbers = {number for sentence in sentences for number in sentence.citations}
    places: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        if citation.number in numbers:
            place = " › ".join([citation.document_title, *citation.heading_path])
            places.setdefault(place, []).append(citation)
    words = messages(answer.language)["source_quote"]
    lines = []
    for place, citations_there in places.items():
        name = _link_or_label(citations_there[0].url, _beginning(place, _LONGEST_PLACE), base_url)
        lines.append(f"{_number_marks([citation.number for citation in citations_there])} {name}")
        for citation in citations_there if quotes else ():
            quote = _beginning(" ".join((citation.shown or citation.quote).split()), _LONGEST_QUOTE)
            which = f"[{citation.number}] " if len(citations_there) > 1 else ""
            lines.append(f"{which}{escape(words.format(quote=quote))}")
    return [_context(text) for text in _joined_lines(lines)]


def _number_marks(numbers: Sequence[int]) -> str:
    """Marks of the numbers of one place; of more than three in a row the first and the last."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    marks = (f"[{run[0]}]–[{run[-1]}]" if len(run) > 3 else "".join(f"[{number}]" for number in run) for run in runs)
    return "".join(marks)


def _joined_lines(lines: Sequence[str]) -> list[str]:
    """Lines in as few texts as Slack allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= _LONGEST_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def _related_sections(answer: Answer, base_url: str) -> list[Block]:
    """List of the sections worth reading."""
    empty = f" {messages(answer.language)['section_without_text']}"
    items: list[Block] = []
    for section in answer.related_sections:
        place = _beginning(" › ".join(section.heading_path) or section.document_id, _LONGEST_PLACE)
        element: Block = {"type": "text", "text": place}
        if base_url and is_clickable(section.url):
            element = {"type": "link", "url": section.url, "text": place}
        note = [{"type": "text", "text": empty}] if section.is_empty else []
        items.append({"type": "rich_text_section", "elements": [element, *note]})
    if not items:
        return []
    return [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": items}]}]


def _hint(answer: Answer) -> list[Block]:
    """Hint of what to do where the material does not answer."""
    return [_context(messages(answer.language)["slack_hint"])] if answer.status == "not_in_material" else []


def _thumbs(answer: Answer) -> list[Block]:
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
    """Buttons: the next section to read, or a way to say that one is missing."""
    text = messages(answer.language)
    buttons: list[Block] = []
    if read_on is not None and base_url and is_clickable(read_on.url):
        title = read_on.heading_path[-1] if read_on.heading_path else read_on.document_id
        label = {"type": "plain_text", "text": _label(text["slack_read_on"].format(title=title))}
        buttons.append({"action_id": READ_ON, "url": read_on.url, "text": label})
    if answer.status in ("not_in_material", "section_empty"):
        missing_label = {"type": "plain_text", "text": text["slack_missing"]}
        buttons.append({"action_id": MISSING, "value": f"missing:{answer.id}", "text": missing_label})
    return [{"type": "actions", "elements": [{"type": "button"} | button for button in buttons]}] if buttons else []


def _link_to_whole(answer: Answer, base_url: str) -> list[Block]:
    """Note that there is more, with a link to where."""
    text = messages(answer.language)
    if not base_url:
        return [_context(text["slack_cut"])]
    page = f"{base_url}/courses/{answer.course}"
    question_url = f"{page}?{urlencode({'q': answer.standalone_question})}"
    address = question_url if is_clickable(question_url) else page
    return [_context(_link_or_label(address, text["slack_whole"], base_url))]


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    """A text of ours; `verbatim`, so that no plain `@channel` in it is read as one."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link_or_label(url: str, label: str, base_url: str) -> str:
    return link(url, label) if base_url and is_clickable(url) else escape(label)


def _label(text: str) -> str:
    return _beginning(text, _LONGEST_LABEL)


_HALF_AN_ENTITY = re.compile(r"&[a-z]*…$")


def _escaped_beginning(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Beginning of `text`, escaped, so that it stands as it is in a text of ours."""
    return _HALF_AN_ENTITY.sub("…", _beginning(escape(text), longest))


def _beginning(text: str, longest: int) -> str:
    """Beginning of a text, to the end of a line or a word where there is one."""
    if len(text) <= longest:
        return text
    beginning = text[: longest - 1]
    ends = (place for place in (beginning.rfind("\n"), beginning.rfind(" ")) if place > longest // 2)
    return beginning[: next(ends, None)].rstrip() + "…"


def _size(blocks: Sequence[Block]) -> int:
    return len(json.dumps(blocks, ensure_ascii=False).encode())
