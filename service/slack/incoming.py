"""Questions among Slack's messages: what is not for the assistant is dropped here, before any log or store."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reperage.service.database.slack import Place, Question
from reperage.service.slack.text import mentions, readable_text

_WITH_TEXT = (None, "file_share", "thread_broadcast")
"""Subtypes of messages that a person wrote; the others tell of edits, joins and the like."""


@dataclass(frozen=True, slots=True)
class IncomingQuestion:
    """Question to the assistant; `only_in_thread` says that it is one only where the assistant has spoken before."""

    question: Question
    only_in_thread: bool


def incoming_question(body: Mapping[str, Any]) -> IncomingQuestion | None:
    """Question in an event of a message or a mention; `None` for one that is not for the assistant."""
    event = body["event"]
    member, team = event.get("user"), body.get("team_id") or event.get("team")
    bots = {one.get("user_id") for one in body.get("authorizations") or () if one.get("is_bot")}
    if not member or not team or member in bots or member == "USLACKBOT":
        return None
    if event.get("bot_id") or event.get("subtype") not in _WITH_TEXT or event.get("edited") or event.get("hidden"):
        return None
    text, ts = str(event.get("text") or ""), str(event["ts"])
    is_direct = event.get("channel_type") == "im"
    mentioned_members = mentions(text)
    is_called = event.get("type") == "app_mention" or bool(bots & set(mentioned_members))
    thread = str(event.get("thread_ts") or ts)
    if not is_direct and not is_called and (thread == ts or mentioned_members):
        return None
    question = Question(Place(team, event["channel"], ts), thread, member, pseudonym(team, member), readable_text(text))
    return IncomingQuestion(question, only_in_thread=not is_direct and not is_called)


def pseudonym(team: str, member: str) -> str:
    """Person that a member of a workspace is to the assistant."""
    return "slack-" + hashlib.sha256(f"{team}/{member}".encode()).hexdigest()[:32]
