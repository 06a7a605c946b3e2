"""What Slack tells an app: events in their envelope, slash commands and interactions."""

import re
import time
import uuid
from collections.abc import Callable
from copy import deepcopy
from time import monotonic

from tests.service.slack.blocks import interactive_elements
from tests.service.slack.state import Ephemeral, Json, Message, ResponseUrl, State, Workspace
from tests.service.slack.web_api import shown


class Payloads:
    """Payloads of one workspace. What a person writes is put into the channel, as Slack does, so it can be answered.

    Each method returns what the app receives whole: an event is in its envelope already.
    """

    def __init__(self, state: State, workspace: Workspace, url: Callable[[], str]) -> None:
        self.state = state
        self.workspace = workspace
        self._url = url

    def app_mention(self, channel: str, text: str, *, user: str, thread_ts: str | None = None) -> Json:
        """A person names the app: `text` must hold "<@bot>", as `mention` writes it."""
        event = self._written(channel, text, user, thread_ts)
        return self.envelope(event | {"type": "app_mention"})

    def mention(self, text: str) -> str:
        """`text` after the name of the bot."""
        return f"<@{self.workspace.bot_user_id}> {text}"

    def message(
        self, channel: str, text: str, *, user: str, thread_ts: str | None = None, viewing: str | None = None
    ) -> Json:
        """A person writes in a channel, a thread or a direct message, where an agent learns which channel they see."""
        event = self._written(channel, text, user, thread_ts) | self._channel_type(channel)
        if viewing is not None:
            event["app_context"] = {"entities": [self._entity(viewing)]}
        return self.envelope(event)

    def twin(self, app_mention: Json) -> Json:
        """The `message` event that comes with an `app_mention` where the app gets the channel's messages too."""
        event = app_mention["event"]
        return self.envelope(event | {"type": "message"} | self._channel_type(event["channel"]))

    def bot_message(self, channel: str, text: str, *, thread_ts: str | None = None, own: bool = False) -> Json:
        """A message by another app, or with `own` by this one as Slack reports it back."""
        ts = self.state.new_ts()
        bot_id, user = (self.workspace.bot_id, self.workspace.bot_user_id) if own else ("B0OTHER001", "U0OTHERBOT")
        self.state.add(Message(channel, ts, user, text, thread_ts=thread_ts, bot_id=bot_id))
        event = {"type": "message", "bot_id": bot_id, "text": text, "ts": ts, "channel": channel, "event_ts": ts}
        event |= {"user": user, "app_id": self.workspace.app_id} if own else {"subtype": "bot_message", "username": "B"}
        return self.envelope(event | self._channel_type(channel) | self._thread(channel, thread_ts))

    def message_changed(self, channel: str, ts: str, text: str) -> Json:
        """A person edits what they wrote."""
        message = self._found(channel, ts)
        previous = shown(message)
        message.text, message.edited, message.earlier = text, True, [*message.earlier, message.text]
        event = self._hidden(channel, "message_changed")
        return self.envelope(event | {"message": shown(message), "previous_message": previous})

    def message_deleted(self, channel: str, ts: str) -> Json:
        """Someone deletes a message, one of the app's too."""
        message = self._found(channel, ts)
        self.state.messages[channel].remove(message)
        event = self._hidden(channel, "message_deleted")
        return self.envelope(event | {"deleted_ts": ts, "previous_message": shown(message)})

    def channel_join(self, channel: str, *, user: str) -> Json:
        """The message that someone joined."""
        event = self._written(channel, f"<@{user}> has joined the channel", user, None) | {"subtype": "channel_join"}
        return self.envelope(event | self._channel_type(channel))

    def member_joined_channel(self, channel: str, *, user: str | None = None) -> Json:
        """Someone joins a channel, the bot itself unless `user` is given."""
        member = user or self.workspace.bot_user_id
        self.workspace.channels[channel].members.add(member)
        fields = {"user": member, "channel": channel, "channel_type": "C", "team": self.workspace.team_id}
        return self._event("member_joined_channel", fields)

    def app_home_opened(self, channel: str, *, user: str, tab: str = "home", viewing: str | None = None) -> Json:
        """A person opens the app's tab "home" or its "messages"; an agent learns there which channel they see."""
        context = {"context": {"entities": [self._entity(viewing)]}} if viewing else {}
        return self._event("app_home_opened", {"user": user, "channel": channel, "tab": tab} | context)

    def app_context_changed(self, channel: str, *, user: str, viewing: str | None) -> Json:
        """Only for an agent: a person sees another channel while they have the app open."""
        context = {"entities": [self._entity(viewing)]} if viewing else {}
        return self._event("app_context_changed", {"user": user, "channel": channel, "context": context})

    def agent_session_stopped(self, channel: str, thread_ts: str, *, user: str) -> Json:
        """Only for an agent: a person presses the button that stops it, and Slack stops its streams in that thread."""
        streams = [
            message
            for message in self.state.messages.get(channel, [])
            if message.thread_ts == thread_ts and message.streaming == "streaming"
        ]
        for message in streams:
            message.streaming, message.end_error = "ended", "stopped_by_user"
        fields = {"user": user, "channel": channel, "thread_ts": thread_ts}
        return self._event(
            "agent_session_stopped", fields | {"streaming_message_ts": [message.ts for message in streams]}
        )

    def assistant_thread_started(self, channel: str, *, user: str) -> Json:
        """Only for the older `assistant_view`: a person opens a new thread, which is there from now on."""
        ts = self.state.add(Message(channel, self.state.new_ts(), self.workspace.bot_user_id, "New thread")).ts
        thread = {"user_id": user, "context": {}, "channel_id": channel, "thread_ts": ts}
        return self._event("assistant_thread_started", {"assistant_thread": thread})

    def app_uninstalled(self) -> Json:
        """The app was removed; its token is void from now on."""
        self.workspace.token_error = "account_inactive"
        return self._event("app_uninstalled", {})

    def tokens_revoked(self) -> Json:
        """The bot token was revoked; it is void from now on."""
        self.workspace.token_error = "token_revoked"
        return self._event("tokens_revoked", {"tokens": {"oauth": [], "bot": [self.workspace.bot_user_id]}})

    def url_verification(self, challenge: str = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P") -> Json:
        """What Slack sends once to see whether an address answers."""
        return {"token": "verification-token", "challenge": challenge, "type": "url_verification"}

    def envelope(self, event: Json) -> Json:
        """Any event as the Events API wraps it."""
        return {
            "token": "verification-token",
            "team_id": self.workspace.team_id,
            "context_team_id": self.workspace.team_id,
            "context_enterprise_id": None,
            "api_app_id": self.workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.state.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.workspace.team_id,
                    "user_id": self.workspace.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{uuid.uuid4().hex}",
        }

    def slash_command(self, command: str, text: str, *, channel: str, user: str) -> Json:
        """A person enters a command; nothing of it is seen in the channel."""
        place = self.workspace.channels[channel]
        return {
            "token": "verification-token",
            "team_id": self.workspace.team_id,
            "team_domain": self.workspace.name,
            "channel_id": channel,
            "channel_name": {"im": "directmessage", "group": "privategroup"}.get(place.kind, place.name),
            "user_id": user,
            "user_name": self.workspace.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": self.workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_url("commands", channel, user),
            "trigger_id": self._trigger(user),
        }

    def block_actions(self, channel: str, ts: str, action_id: str, *, user: str, positive: bool = True) -> Json:
        """A person presses the element with that `action_id` in a message of the app, one that only they see too.

        For feedback buttons `positive` says which of the two.
        """
        shown_to = next((e for e in self.state.ephemeral if (e.channel, e.ts) == (channel, ts)), None)
        message = shown_to or self._found(channel, ts)
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": shown_to is not None}
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        return (
            self._interaction("block_actions", user)
            | {"container": container, "channel": self._described(channel), "state": {"values": {}}}
            # Slack does not say what a message holds that only one person sees.
            | ({} if isinstance(message, Ephemeral) else {"message": shown(message)})
            | {"response_url": self.response_url("actions", channel, user, ts)}
            | {"actions": [self._action(message.blocks, action_id, positive)]}
        )

    def view_actions(self, view_id: str, action_id: str, *, user: str) -> Json:
        """A person presses an element in a view of the app, such as its home tab; there is no `response_url`."""
        view = self._view(view_id)
        return self._interaction("block_actions", user) | {
            "container": {"type": "view", "view_id": view_id},
            "view": view,
            "actions": [self._action(view["blocks"], action_id)],
        }

    def message_action(self, channel: str, ts: str, callback_id: str, *, user: str) -> Json:
        """A person chooses the app's shortcut in the menu of a message."""
        return self._interaction("message_action", user) | {
            "callback_id": callback_id,
            "channel": self._described(channel),
            "message": shown(self._found(channel, ts)),
            "message_ts": ts,
            "action_ts": self.state.new_ts(),
            "response_url": self.response_url("app", channel, user),
        }

    def view_submission(self, view_id: str, values: Json, *, user: str) -> Json:
        """A person sends a modal that the app opened; `values` is by block and action."""
        view = self._view(view_id) | {"state": {"values": values}}
        return self._interaction("view_submission", user) | {"view": view, "response_urls": []}

    def response_url(self, kind: str, channel: str, user: str, message_ts: str | None = None) -> str:
        """An address to answer at, as commands and interactions carry it."""
        path = f"/{kind}/{self.workspace.team_id}/{self.state.new_id('')}/{uuid.uuid4().hex}"
        self.state.response_urls[path] = ResponseUrl(self.workspace, channel, user, message_ts)
        return self._url() + path

    def _view(self, view_id: str) -> Json:
        opened = next(opened for opened in reversed(self.state.views) if opened.id == view_id)
        return deepcopy(opened.view) | {
            "id": view_id,
            "team_id": self.workspace.team_id,
            "state": {"values": {}},
            "hash": self.state.new_ts(),
            "app_id": self.workspace.app_id,
            "bot_id": self.workspace.bot_id,
            "app_installed_team_id": self.workspace.team_id,
            "root_view_id": view_id,
            "previous_view_id": None,
        }

    def _action(self, blocks: list[Json], action_id: str, positive: bool = True) -> Json:
        found = [
            (block, element) for block, element in interactive_elements(blocks) if element["action_id"] == action_id
        ]
        assert found, f"no element {action_id!r} in {blocks}"
        block, element = found[0]
        pressed = element.get("positive_button" if positive else "negative_button", element)
        action = {name: pressed[name] for name in ("text", "value", "url", "style") if name in pressed}
        action |= {"type": element["type"], "action_id": action_id, "block_id": block["block_id"]}
        return action | {"action_ts": self.state.new_ts()}

    def _written(self, channel: str, text: str, user: str, thread_ts: str | None) -> Json:
        ts = self.state.new_ts()
        message = self.state.add(Message(channel, ts, user, text, [_rich_text(text)], thread_ts))
        return {
            "type": "message",
            "client_msg_id": str(uuid.uuid4()),
            "user": user,
            "text": text,
            "ts": ts,
            "team": self.workspace.team_id,
            "blocks": message.blocks,
            "channel": channel,
            "event_ts": ts,
        } | self._thread(channel, thread_ts)

    def _thread(self, channel: str, thread_ts: str | None) -> Json:
        if thread_ts is None:
            return {}
        return {"thread_ts": thread_ts, "parent_user_id": self._found(channel, thread_ts).user}

    def _channel_type(self, channel: str) -> Json:
        return {"channel_type": self.workspace.channels[channel].kind}

    def _hidden(self, channel: str, subtype: str) -> Json:
        ts = self.state.new_ts()
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel, "ts": ts, "event_ts": ts}
        return event | self._channel_type(channel)

    def _event(self, kind: str, fields: Json) -> Json:
        return self.envelope({"type": kind} | fields | {"event_ts": self.state.new_ts()})

    def _entity(self, channel: str) -> Json:
        return {"type": "slack#/types/channel_id", "value": channel, "team_id": self.workspace.team_id}

    def _found(self, channel: str, ts: str) -> Message:
        message = self.state.find(channel, ts)
        assert message is not None, f"no message {ts} in {channel}"
        return message

    def _described(self, channel: str) -> Json:
        return {"id": channel, "name": self.workspace.channels[channel].name}

    def _trigger(self, user: str) -> str:
        trigger = f"{self.state.new_id('')}.{self.state.new_id('')}.{uuid.uuid4().hex}"
        self.state.triggers[trigger] = (user, monotonic())
        return trigger

    def _interaction(self, kind: str, user: str) -> Json:
        member = self.workspace.users[user]
        return {
            "type": kind,
            "team": {"id": self.workspace.team_id, "domain": self.workspace.name},
            "user": {"id": user, "username": member.name, "name": member.name, "team_id": self.workspace.team_id},
            "api_app_id": self.workspace.app_id,
            "token": "verification-token",
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._trigger(user),
        }


def _rich_text(text: str) -> Json:
    """What a person typed, as Slack adds it to their messages."""
    parts = [part for part in re.split(r"(<@[A-Z0-9]+>)", text) if part]
    elements = [
        {"type": "user", "user_id": part[2:-1]} if part.startswith("<@") else {"type": "text", "text": part}
        for part in parts
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
