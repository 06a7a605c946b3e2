"""Slack's rules for blocks and views: those of the reference, and those of the models of its SDK."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.service.slack.state import Json, violation

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_CHARACTERS = 12_000
"""What the markdown blocks of one message hold together."""

CARRIED_CHARACTERS = 13_000
"""Slack refuses a message with a markdown block from about here: github.com/slackapi/bolt-js/issues/2509."""

Problems = list[str]


def check_blocks(blocks: list[Json], *, too_many: str = "invalid_blocks") -> None:
    """Raise the refusal that Slack answers when the blocks of a message break its rules."""
    if len(blocks) > MESSAGE_BLOCKS:
        raise violation(too_many, f"no more than {MESSAGE_BLOCKS} items allowed [json-pointer:/blocks]")
    problems = _problems(blocks)
    if problems:
        raise violation("invalid_blocks", *problems, errors=problems)
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS or (markdown and _characters(blocks) > CARRIED_CHARACTERS):
        raise violation("msg_blocks_too_long", f"{_characters(blocks)} characters, {markdown} of them markdown")


def check_view(view: Json, kind: str) -> None:
    """Raise the refusal that Slack answers when a view breaks its rules."""
    problems = [f"type must be {kind!r}"] if view.get("type") != kind else []
    problems += [f"unknown field {name!r}" for name in view.keys() - View.attributes]
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not 0 < len(blocks) <= VIEW_BLOCKS:
        problems.append(f"between 1 and {VIEW_BLOCKS} blocks are needed [json-pointer:/view/blocks]")
    else:
        problems += _problems(blocks, "/view/blocks")
        problems += [
            f"{block['type']!r} belongs in messages [json-pointer:/view/blocks/{index}]"
            for index, block in enumerate(blocks)
            if isinstance(block, dict) and block.get("type") in {"markdown", "context_actions"}
        ]
        if not problems:
            problems += _sdk_problems(lambda: View(**deepcopy(view)).validate_json(), "/view")
    if kind == "modal":
        _text(view.get("title"), "/view/title", problems, {"plain_text"}, 24)
    if problems:
        raise violation("invalid_arguments", *problems)


def interactive_elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each element that has an `action_id`, after its block."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def _problems(blocks: list[Json], pointer: str = "/blocks") -> Problems:
    problems: Problems = []
    for index, block in enumerate(blocks):
        _check_block(block, f"{pointer}/{index}", problems)
    if problems:
        return problems
    identifiers = Counter(block["block_id"] for block in blocks if "block_id" in block)
    actions = Counter(element["action_id"] for _, element in interactive_elements(blocks))
    for name, counted in (("block_id", identifiers), ("action_id", actions)):
        problems += [f"{name} {value!r} is there {times} times" for value, times in counted.items() if times > 1]
    return problems


def _check_block(block: object, pointer: str, problems: Problems) -> None:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        problems.append(f"must be an object with a type [json-pointer:{pointer}]")
        return
    before = len(problems)
    check = CHECKS.get(block["type"])
    if check:
        check(block, pointer, problems)
    _length(block.get("block_id", "b"), f"{pointer}/block_id", problems, 255)
    if len(problems) == before:
        problems += _sdk_problems(lambda: _round_trip(block, pointer), pointer)


def _round_trip(block: Json, pointer: str) -> None:
    parsed = Block.parse(deepcopy(block))
    if parsed is None:
        raise ValueError(f"unsupported type {block['type']!r} [json-pointer:{pointer}]")
    lost = list(_lost(block, parsed.to_dict(), pointer))
    if lost:
        raise ValueError("; ".join(lost))


def _sdk_problems(parse: Callable[[], None], pointer: str) -> Problems:
    try:
        parse()
    except (SlackObjectFormationError, AttributeError, KeyError, TypeError, ValueError) as problem:
        return [f"{problem} [json-pointer:{pointer}]"]
    return []


def _lost(given: object, kept: object, pointer: str) -> Iterator[str]:
    """What the models of the SDK do not know, or drop as empty."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, value in given.items():
            if name in kept:
                yield from _lost(value, kept[name], f"{pointer}/{name}")
            else:
                yield f"unknown or empty field [json-pointer:{pointer}/{name}]"
    elif isinstance(given, list) and isinstance(kept, list):
        for index, (value, again) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(value, again, f"{pointer}/{index}")


def _characters(value: object) -> int:
    """The characters of all texts below `value`."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_characters(inner) for inner in value.values())
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _length(value: object, pointer: str, problems: Problems, most: int, least: int = 1) -> None:
    if not isinstance(value, str):
        problems.append(f"must be a string [json-pointer:{pointer}]")
    elif not least <= len(value) <= most:
        problems.append(f"must have {least} to {most} characters, not {len(value)} [json-pointer:{pointer}]")


def _text(value: object, pointer: str, problems: Problems, types: set[str], most: int) -> None:
    if not isinstance(value, dict):
        problems.append(f"must be a text object [json-pointer:{pointer}]")
        return
    if value.get("type") not in types:
        problems.append(f"must be of type {' or '.join(sorted(types))} [json-pointer:{pointer}/type]")
    allowed = {"type", "text", "emoji" if value.get("type") == "plain_text" else "verbatim"}
    problems += [f"unknown field {name!r} [json-pointer:{pointer}]" for name in sorted(value.keys() - allowed)]
    _length(value.get("text"), f"{pointer}/text", problems, most)


def _elements(block: Json, pointer: str, problems: Problems, most: int, types: set[str]) -> list[tuple[str, Json]]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= most:
        problems.append(f"must have 1 to {most} elements [json-pointer:{pointer}/elements]")
        return []
    found = []
    for index, element in enumerate(elements):
        path = f"{pointer}/elements/{index}"
        if isinstance(element, dict) and element.get("type") in types:
            found.append((path, element))
        else:
            problems.append(f"must be one of {', '.join(sorted(types))} [json-pointer:{path}]")
    return found


def _section(block: Json, pointer: str, problems: Problems) -> None:
    if "text" in block or "fields" not in block:
        _text(block.get("text"), f"{pointer}/text", problems, {"mrkdwn", "plain_text"}, 3_000)
    fields = block.get("fields", [])
    if len(fields) > 10:
        problems.append(f"no more than 10 fields [json-pointer:{pointer}/fields]")
    for index, text in enumerate(fields):
        _text(text, f"{pointer}/fields/{index}", problems, {"mrkdwn", "plain_text"}, 2_000)
    if "accessory" in block:
        _element(block["accessory"], f"{pointer}/accessory", problems)


def _header(block: Json, pointer: str, problems: Problems) -> None:
    _text(block.get("text"), f"{pointer}/text", problems, {"plain_text"}, 150)


def _markdown(block: Json, pointer: str, problems: Problems) -> None:
    if not isinstance(block.get("text"), str) or not block["text"]:
        problems.append(f"must be a string that is not empty [json-pointer:{pointer}/text]")


def _context(block: Json, pointer: str, problems: Problems) -> None:
    for path, element in _elements(block, pointer, problems, 10, {"mrkdwn", "plain_text", "image"}):
        if element["type"] == "image":
            _element(element, path, problems)
        else:
            _text(element, path, problems, {"mrkdwn", "plain_text"}, 3_000)


def _actions(block: Json, pointer: str, problems: Problems) -> None:
    types = {"button", "static_select", "overflow", "radio_buttons", "checkboxes", "datepicker", "external_select"}
    for path, element in _elements(block, pointer, problems, 25, types):
        _element(element, path, problems)


def _context_actions(block: Json, pointer: str, problems: Problems) -> None:
    for path, element in _elements(block, pointer, problems, 5, {"feedback_buttons", "icon_button"}):
        _element(element, path, problems)


def _element(element: object, pointer: str, problems: Problems) -> None:
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        problems.append(f"must be an object with a type [json-pointer:{pointer}]")
        return
    _length(element.get("action_id", "a"), f"{pointer}/action_id", problems, 255)
    check = ELEMENT_CHECKS.get(element["type"])
    if check:
        check(element, pointer, problems)


def _button(button: Json, pointer: str, problems: Problems) -> None:
    _text(button.get("text"), f"{pointer}/text", problems, {"plain_text"}, 75)
    _optional_length(button, "value", pointer, problems, 2_000)
    _optional_length(button, "url", pointer, problems, 3_000)
    _optional_length(button, "accessibility_label", pointer, problems, 75)
    if "url" in button and not re.match(r"(https?://|mailto:)\S+$", str(button["url"])):
        problems.append(f"must be an address [json-pointer:{pointer}/url]")
    if "style" in button and button["style"] not in {"primary", "danger"}:
        problems.append(f"must be primary or danger [json-pointer:{pointer}/style]")


def _feedback_buttons(element: Json, pointer: str, problems: Problems) -> None:
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        path = f"{pointer}/{name}"
        if not isinstance(button, dict):
            problems.append(f"must be there [json-pointer:{path}]")
            continue
        _text(button.get("text"), f"{path}/text", problems, {"plain_text"}, 75)
        _length(button.get("value"), f"{path}/value", problems, 2_000)
        _optional_length(button, "accessibility_label", path, problems, 75)


def _icon_button(element: Json, pointer: str, problems: Problems) -> None:
    if element.get("icon") != "trash":
        problems.append(f"'trash' is the only icon there is [json-pointer:{pointer}/icon]")
    _text(element.get("text"), f"{pointer}/text", problems, {"plain_text"}, 75)
    _optional_length(element, "value", pointer, problems, 2_000)
    _optional_length(element, "accessibility_label", pointer, problems, 75)


def _image(image: Json, pointer: str, problems: Problems) -> None:
    _length(image.get("alt_text"), f"{pointer}/alt_text", problems, 2_000)
    if ("image_url" in image) == ("slack_file" in image):
        problems.append(f"needs image_url or slack_file [json-pointer:{pointer}]")
    _optional_length(image, "image_url", pointer, problems, 3_000)


def _optional_length(value: Json, name: str, pointer: str, problems: Problems, most: int) -> None:
    if name in value:
        _length(value[name], f"{pointer}/{name}", problems, most)


Check = Callable[[dict[str, Any], str, Problems], None]
CHECKS: dict[str, Check] = {
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "header": _header,
    "image": _image,
    "markdown": _markdown,
    "section": _section,
}
ELEMENT_CHECKS: dict[str, Check] = {
    "button": _button,
    "feedback_buttons": _feedback_buttons,
    "icon_button": _icon_button,
    "image": _image,
}
