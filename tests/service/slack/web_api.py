"""What each method of the Web API does; streams are in `streams.py`."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from tests.service.slack.blocks import check_blocks, check_view
from tests.service.slack.state import (
    Channel,
    Ephemeral,
    Json,
    Message,
    OpenedView,
    Prompts,
    Refusal,
    State,
    Status,
    Workspace,
    violation,
)

POSTED_CHARACTERS = 40_000
UPDATED_CHARACTERS = 4_000
MARKDOWN_TEXT_CHARACTERS = 12_000
TRIGGER_SECONDS = 3.0


@dataclass(frozen=True)
class Installation:
    """A code that `oauth.v2.access` exchanges once for the token of a workspace."""

    workspace: Workspace
    redirect_uri: str | None


@dataclass
class App:
    """What one app is known by. An agent has `agent_view` in its manifest, not `assistant_view`."""

    client_id: str = "1111111111.2222222222"
    client_secret: str = "client-secret"
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"
    app_token: str = "xapp-1-A0REPERE01-1"
    agent: bool = True
    codes: dict[str, Installation | None] = field(default_factory=dict)


def channel_of(workspace: Workspace, id: str) -> Channel:
    """The channel that the bot is asked to write to; raises Slack's refusals."""
    channel = workspace.channels.get(id)
    if channel is None and id in workspace.users:
        # Slack posts to the direct message with that user.
        channel = next((c for c in workspace.channels.values() if c.kind == "im" and id in c.members), None)
    if channel is None or (channel.kind != "channel" and workspace.bot_user_id not in channel.members):
        raise Refusal("channel_not_found")
    if channel.archived:
        raise Refusal("is_archived")
    if workspace.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def check_thread(state: State, channel: str, thread_ts: str | None, error: str = "thread_not_found") -> None:
    """Raise a refusal unless `thread_ts` is that of a message which is no reply itself."""
    if thread_ts is None:
        return
    parent = state.find(channel, thread_ts)
    if parent is None:
        raise violation(error, f"no message {thread_ts} in {channel}")
    if parent.thread_ts not in (None, thread_ts):
        raise violation(error, f"{thread_ts} is a reply itself: give the timestamp of its parent {parent.thread_ts}")


def check_content(arguments: Json) -> tuple[str, list[Json]]:
    """The text and the blocks of a message; raises Slack's refusals of both."""
    text, markdown = arguments.get("text", ""), arguments.get("markdown_text")
    blocks = arguments.get("blocks") or []
    if markdown is not None:
        if text or blocks:
            raise violation("markdown_text_conflict")
        if len(markdown) > MARKDOWN_TEXT_CHARACTERS:
            raise violation("msg_too_long", f"{len(markdown)} characters of markdown_text")
        text = markdown
    if not text.strip() and not blocks and not arguments.get("attachments"):
        raise violation("no_text")
    check_blocks(blocks)
    return text, blocks


def shown(message: Message) -> Json:
    """A message as Slack describes it in answers and payloads."""
    described: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    for name in ("blocks", "thread_ts", "bot_id", "metadata"):
        value = getattr(message, name)
        if value:
            described[name] = value
    if message.edited:
        described["edited"] = {"user": message.user, "ts": message.ts}
    return described


class WebApi:
    """The methods; each takes the workspace of the token and arguments that were checked."""

    def __init__(self, state: State, app: App) -> None:
        self.state = state
        self.app = app
        self.handlers: dict[str, Callable[[Workspace, Json], Json]] = {
            "agents.sessions.setStatus": self.set_session_status,
            "assistant.threads.setStatus": self.set_status,
            "assistant.threads.setSuggestedPrompts": self.set_suggested_prompts,
            "assistant.threads.setTitle": self.set_title,
            "auth.revoke": self.revoke,
            "auth.test": self.test,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "conversations.info": self.conversation,
            "users.info": self.user,
            "views.open": self.open_view,
            "views.publish": self.publish_view,
        }

    def test(self, workspace: Workspace, _: Json) -> Json:
        return {
            "url": f"https://{workspace.name}.slack.com/",
            "team": workspace.name,
            "user": "repere",
            "team_id": workspace.team_id,
            "user_id": workspace.bot_user_id,
            "bot_id": workspace.bot_id,
            "is_enterprise_install": False,
        }

    def revoke(self, workspace: Workspace, arguments: Json) -> Json:
        if arguments.get("test"):
            return {"revoked": False}
        workspace.token_error = "token_revoked"
        return {"revoked": True}

    def post_message(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel"])
        text, blocks = check_content(arguments)
        check_thread(self.state, channel.id, arguments.get("thread_ts"))
        if len(text) > POSTED_CHARACTERS:
            self.state.violate("chat.postMessage", f"{len(text)} characters: Slack cut it at {POSTED_CHARACTERS}")
        message = self.state.add(
            Message(
                channel=channel.id,
                ts=self.state.new_ts(),
                user=workspace.bot_user_id,
                text=text[:POSTED_CHARACTERS],
                blocks=blocks,
                thread_ts=arguments.get("thread_ts"),
                bot_id=workspace.bot_id,
                metadata=arguments.get("metadata"),
                arguments=arguments,
            )
        )
        return {"channel": channel.id, "ts": message.ts, "message": shown(message)}

    def update(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel"])
        message = self.state.find(channel.id, arguments["ts"])
        if message is None:
            raise Refusal("message_not_found")
        if message.bot_id != workspace.bot_id:
            raise violation("cant_update_message", f"{message.ts} is by {message.user}")
        if message.streaming == "streaming":
            raise Refusal("streaming_state_conflict")
        text, blocks = check_content(arguments)
        if len(text) > UPDATED_CHARACTERS:
            raise violation("msg_too_long", f"{len(text)} characters of text, not {UPDATED_CHARACTERS}")
        message.earlier.append(message.text)
        # A text without blocks removes those that were there; an edit of the blocks is not shown as one.
        message.blocks = self.state.identified(blocks)
        message.text = text or message.text
        message.edited = message.edited or not blocks
        message.metadata = arguments.get("metadata", message.metadata)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown(message)}

    def post_ephemeral(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel"])
        if arguments["user"] not in channel.members:
            raise Refusal("user_not_in_channel")
        text, blocks = check_content(arguments)
        if len(text) > POSTED_CHARACTERS:
            raise violation("msg_too_long", f"{len(text)} characters")
        check_thread(self.state, channel.id, arguments.get("thread_ts"))
        ts, thread_ts = self.state.new_ts(), arguments.get("thread_ts")
        self.state.show(Ephemeral(channel.id, arguments["user"], ts, text, blocks, thread_ts))
        return {"message_ts": ts}

    def set_status(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel_id"])
        check_thread(self.state, channel.id, arguments["thread_ts"], "invalid_thread_ts")
        messages = arguments.get("loading_messages", [])
        if len(messages) > 10 or not all(isinstance(message, str) and message for message in messages):
            raise violation("invalid_arguments", "loading_messages takes up to 10 texts")
        self.state.statuses.append(Status(channel.id, arguments["thread_ts"], arguments["status"], tuple(messages)))
        return {}

    def set_session_status(self, workspace: Workspace, arguments: Json) -> Json:
        if arguments["status"] not in {"processing", "active", "suspended", "closed"}:
            raise violation("invalid_arguments", f"no such status: {arguments['status']!r}")
        if not arguments.get("channel_id") or not arguments.get("thread_ts"):
            raise violation("invalid_arguments", "channel_id and thread_ts are needed in channels and messages")
        channel = channel_of(workspace, arguments["channel_id"])
        check_thread(self.state, channel.id, arguments["thread_ts"], "invalid_thread_ts")
        self.state.statuses.append(Status(channel.id, arguments["thread_ts"], arguments["status"]))
        return {"status": arguments["status"]}

    def set_title(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel_id"])
        check_thread(self.state, channel.id, arguments["thread_ts"], "invalid_thread_ts")
        self.state.titles[channel.id, arguments["thread_ts"]] = arguments["title"]
        return {}

    def set_suggested_prompts(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel_id"])
        prompts, thread_ts = arguments["prompts"], arguments.get("thread_ts")
        if channel.kind != "im":
            raise violation("channel_not_found", "prompts belong in direct messages")
        if not 1 <= len(prompts) <= 4 or any(
            not isinstance(prompt, dict) or prompt.keys() != {"title", "message"} or not all(prompt.values())
            for prompt in prompts
        ):
            raise violation("invalid_arguments", "prompts takes up to 4 objects with a title and a message")
        if self.app.agent and thread_ts is not None:
            # Slack answers that it worked, and shows nothing.
            self.state.violate("assistant.threads.setSuggestedPrompts", "thread_ts makes it fail silently in an agent")
            return {}
        if not self.app.agent:
            check_thread(self.state, channel.id, thread_ts, "invalid_thread_ts")
        self.state.prompts.append(Prompts(channel.id, prompts, arguments.get("title"), thread_ts))
        return {}

    def open_view(self, _: Workspace, arguments: Json) -> Json:
        trigger = arguments.get("trigger_id", "")
        user, issued = self.state.triggers.get(trigger, ("", None))
        if not user:
            raise violation("invalid_trigger_id")
        if issued is None:
            raise violation("exchanged_trigger_id")
        if monotonic() - issued > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        check_view(arguments["view"], "modal")
        self.state.triggers[trigger] = (user, None)
        return self._shown_view(user, arguments["view"])

    def publish_view(self, workspace: Workspace, arguments: Json) -> Json:
        if arguments["user_id"] not in workspace.users:
            raise Refusal("invalid_arguments", "no such user")
        check_view(arguments["view"], "home")
        return self._shown_view(arguments["user_id"], arguments["view"])

    def _shown_view(self, user: str, view: Json) -> Json:
        home = next(
            (v.id for v in self.state.views if v.user == user and v.view["type"] == view["type"] == "home"), None
        )
        blocks = self.state.identified(view["blocks"])
        opened = OpenedView(home or self.state.new_id("V"), user, view | {"blocks": blocks})
        self.state.views.append(opened)
        return {"view": opened.view | {"id": opened.id, "hash": self.state.new_ts()}}

    def conversation(self, workspace: Workspace, arguments: Json) -> Json:
        channel = workspace.channels.get(arguments["channel"])
        if channel is None or (channel.kind != "channel" and workspace.bot_user_id not in channel.members):
            raise Refusal("channel_not_found")
        described = {
            "id": channel.id,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_im": channel.kind == "im",
            "is_private": channel.kind != "channel",
            "is_archived": channel.archived,
            "is_member": workspace.bot_user_id in channel.members,
        }
        name = {"user": next(iter(channel.members - {workspace.bot_user_id}), "")} if channel.kind == "im" else {}
        return {"channel": described | (name or {"name": channel.name})}

    def user(self, workspace: Workspace, arguments: Json) -> Json:
        user = workspace.users.get(arguments["user"])
        if user is None:
            raise Refusal("user_not_found")
        locale = {"locale": user.locale} if arguments.get("include_locale") else {}
        described = {"id": user.id, "team_id": workspace.team_id, "name": user.name, "real_name": user.real_name}
        return {"user": described | {"is_bot": user.is_bot, "deleted": False} | locale}

    def exchange(self, authorization: str, arguments: Json) -> Json:
        """`oauth.v2.access`: a code for the token of the workspace in which it was given."""
        client_id, client_secret = _credentials(authorization, arguments)
        if client_id != self.app.client_id:
            raise Refusal("invalid_client_id")
        if client_secret != self.app.client_secret:
            raise Refusal("bad_client_secret")
        code = arguments.get("code", "")
        if code not in self.app.codes:
            raise Refusal("invalid_code")
        installation = self.app.codes[code]
        if installation is None:
            raise Refusal("code_already_used")
        if installation.redirect_uri != arguments.get("redirect_uri"):
            raise Refusal("bad_redirect_uri")
        self.app.codes[code] = None
        workspace = installation.workspace
        workspace.token_error = None
        return {
            "app_id": workspace.app_id,
            "authed_user": {"id": next(iter(workspace.users))},
            "scope": ",".join(sorted(workspace.scopes)),
            "token_type": "bot",
            "access_token": workspace.bot_token,
            "bot_user_id": workspace.bot_user_id,
            "team": {"id": workspace.team_id, "name": workspace.name},
            "enterprise": None,
            "is_enterprise_install": False,
        }


def _credentials(authorization: str, arguments: Json) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    if kind != "Basic":
        return arguments.get("client_id", ""), arguments.get("client_secret", "")
    try:
        client_id, _, client_secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Error, UnicodeDecodeError) as problem:
        raise violation("invalid_client_id", "the Authorization header cannot be read") from problem
    return client_id, client_secret
