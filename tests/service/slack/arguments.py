"""The methods of the Web API that the platform plays: their arguments, scopes and kinds of token."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from aiohttp import web

from tests.service.slack.state import Json, violation

Type = Literal["string", "boolean", "array", "object", "ts"]


@dataclass(frozen=True)
class Method:
    """What a method takes; one of `scopes` is needed where there are any."""

    required: Mapping[str, Type] = field(default_factory=dict)
    optional: Mapping[str, Type] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    token: Literal["bot", "app", "client"] = "bot"


def _typed(**types: str) -> dict[str, Type]:
    """Names by type, separated by spaces: `_typed(string="channel text")`."""
    return {name: kind for kind, names in types.items() for name in names.split()}  # type: ignore[misc]


_LOOK = "icon_emoji icon_url username"
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")

METHODS: dict[str, Method] = {
    "agents.sessions.setStatus": Method(
        _typed(string="status"),
        _typed(string=f"channel_id title initiator_user_id {_LOOK}", ts="thread_ts"),
        ("chat:write",),
    ),
    "apps.connections.open": Method(token="app"),
    "assistant.threads.setStatus": Method(
        _typed(string="channel_id status", ts="thread_ts"),
        _typed(array="loading_messages", string=_LOOK),
        ("chat:write", "assistant:write"),
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        _typed(string="channel_id", array="prompts"), _typed(string="title", ts="thread_ts"), ("assistant:write",)
    ),
    "assistant.threads.setTitle": Method(
        _typed(string="channel_id title", ts="thread_ts"), scopes=("assistant:write",)
    ),
    "auth.revoke": Method(optional=_typed(boolean="test")),
    "auth.test": Method(),
    "chat.appendStream": Method(
        _typed(string="channel", ts="ts"), _typed(string="markdown_text", array="chunks"), ("chat:write",)
    ),
    "chat.postEphemeral": Method(
        _typed(string="channel user"),
        _typed(
            string=f"text parse markdown_text {_LOOK}",
            boolean="as_user link_names",
            array="attachments blocks",
            ts="thread_ts",
        ),
        ("chat:write",),
    ),
    "chat.postMessage": Method(
        _typed(string="channel"),
        _typed(
            string=f"text parse container_id markdown_text {_LOOK}",
            boolean="as_user link_names mrkdwn reply_broadcast unfurl_links unfurl_media",
            array="attachments blocks",
            object="metadata",
            ts="thread_ts",
        ),
        ("chat:write",),
    ),
    "chat.startStream": Method(
        _typed(string="channel", ts="thread_ts"),
        _typed(
            string=f"markdown_text recipient_team_id recipient_user_id task_display_mode {_LOOK}",
            array="chunks",
        ),
        ("chat:write",),
    ),
    "chat.stopStream": Method(
        _typed(string="channel", ts="ts"),
        _typed(string="markdown_text session_status", array="blocks chunks", object="metadata"),
        ("chat:write",),
    ),
    "chat.update": Method(
        _typed(string="channel", ts="ts"),
        _typed(
            string="text parse file_ids markdown_text",
            boolean="as_user link_names reply_broadcast",
            array="attachments blocks",
            object="metadata",
        ),
        ("chat:write",),
    ),
    "conversations.info": Method(_typed(string="channel"), _typed(boolean="include_locale include_num_members"), _READ),
    "oauth.v2.access": Method(
        optional=_typed(string="code redirect_uri grant_type refresh_token client_id client_secret"), token="client"
    ),
    "users.info": Method(_typed(string="user"), _typed(boolean="include_locale"), ("users:read",)),
    "views.open": Method(_typed(object="view"), _typed(string="trigger_id interactivity_pointer")),
    "views.publish": Method(_typed(string="user_id", object="view"), _typed(string="hash")),
}

FORBIDDEN = frozenset({"conversations.history", "conversations.replies", "search.messages"})
"""They read what people wrote, which this bot never does."""


async def read_arguments(request: web.Request) -> Json:
    """The arguments of a call, whether they came in the address, as a form or as JSON."""
    arguments: Json = dict(request.query)
    body = await request.read()
    if request.content_type == "application/json":
        try:
            given = json.loads(body)
        except ValueError as problem:
            raise violation("invalid_json", str(problem)) from problem
        if not isinstance(given, dict):
            raise violation("json_not_object")
        return arguments | given
    if body and request.content_type != "application/x-www-form-urlencoded":
        raise violation("invalid_post_type", request.content_type)
    return arguments | dict(parse_qsl(body.decode(), keep_blank_values=True))


def check_arguments(method: Method, given: Json) -> Json:
    """The arguments in their types; raises Slack's refusal of unknown, missing and wrong ones."""
    types = {**method.required, **method.optional}
    problems = [f"unknown argument {name!r}" for name in sorted(given.keys() - types.keys())]
    # An empty status is how a status is cleared.
    problems += [
        f"missing required field: {name}"
        for name in method.required
        if given.get(name) is None or (given[name] == "" and name != "status")
    ]
    arguments: Json = {}
    for name, value in given.items():
        if name in types:
            try:
                arguments[name] = _in_type(value, types[name])
            except ValueError:
                problems.append(f"{name} must be of type {types[name]}, not {value!r}")
    if problems:
        raise violation("invalid_arguments", *problems)
    return arguments


def _in_type(value: Any, kind: Type) -> Any:
    """`value` as that type; a form carries everything but strings as JSON or as 0 and 1."""
    if kind == "boolean" and value in ("0", "1", "true", "false"):
        return value in ("1", "true")
    if kind in ("array", "object") and isinstance(value, str):
        value = json.loads(value)
    expected = {"boolean": bool, "array": list, "object": dict}.get(kind, str)
    if not isinstance(value, expected) or (kind == "ts" and not re.fullmatch(r"\d{10}\.\d{6}", str(value))):
        raise ValueError(value)
    return value
