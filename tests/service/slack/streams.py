"""The methods that stream a message: started, appended to, stopped, or ended by Slack itself."""

from collections.abc import Callable
from typing import Literal

from tests.service.slack.blocks import check_blocks
from tests.service.slack.state import Json, Message, Refusal, State, Workspace, violation
from tests.service.slack.web_api import MARKDOWN_TEXT_CHARACTERS, channel_of, check_thread, shown

STREAMED_CHARACTERS = 12_000
"""What one streamed message holds in all, as was measured: github.com/CopilotKit/CopilotKit/pull/6064."""

CHUNKS = {
    "blocks": ({"blocks"}, set()),
    "markdown_text": ({"text"}, set()),
    "plan_update": ({"title"}, set()),
    "task_update": ({"id", "title", "status"}, {"details", "output", "sources"}),
}
"""What each type of chunk must have, and what it may have."""


class Streams:
    """A stream is in one mode, by what it was first sent: `markdown_text` or `chunks`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.handlers: dict[str, Callable[[Workspace, Json], Json]] = {
            "chat.startStream": self.start,
            "chat.appendStream": self.append,
            "chat.stopStream": self.stop,
        }

    def start(self, workspace: Workspace, arguments: Json) -> Json:
        channel = channel_of(workspace, arguments["channel"])
        if arguments.get("task_display_mode", "timeline") not in {"timeline", "plan"}:
            raise violation("invalid_arguments", "task_display_mode is timeline or plan")
        check_thread(self.state, channel.id, arguments["thread_ts"])
        recipient = arguments.get("recipient_user_id")
        if channel.kind != "im":
            if not arguments.get("recipient_team_id"):
                raise violation("missing_recipient_team_id")
            if not recipient:
                raise violation("missing_recipient_user_id")
        if recipient is not None and recipient not in workspace.users:
            raise violation("user_not_found", f"the recipient {recipient!r}")
        message = Message(
            channel=channel.id,
            ts=self.state.new_ts(),
            user=workspace.bot_user_id,
            thread_ts=arguments["thread_ts"],
            bot_id=workspace.bot_id,
            arguments=arguments,
            streaming="streaming",
            recipient=recipient,
        )
        self._append(message, arguments)
        self.state.add(message)
        return {"channel": channel.id, "ts": message.ts}

    def append(self, workspace: Workspace, arguments: Json) -> Json:
        message = self._streaming(workspace, arguments)
        if not arguments.get("markdown_text") and not arguments.get("chunks"):
            raise violation("no_text")
        self._append(message, arguments)
        return {"channel": message.channel, "ts": message.ts}

    def stop(self, workspace: Workspace, arguments: Json) -> Json:
        message = self._streaming(workspace, arguments, stopping=True)
        blocks = arguments.get("blocks") or []
        check_blocks(blocks, too_many="msg_blocks_too_many")
        self._append(message, arguments)
        message.streaming = "stopped"
        message.blocks += self.state.identified(blocks)
        message.metadata = arguments.get("metadata")
        return {"channel": message.channel, "ts": message.ts, "message": shown(message)}

    def _streaming(self, workspace: Workspace, arguments: Json, *, stopping: bool = False) -> Message:
        channel = channel_of(workspace, arguments["channel"])
        message = self.state.find(channel.id, arguments["ts"])
        if message is None:
            raise Refusal("message_not_found")
        if message.bot_id != workspace.bot_id:
            raise violation("message_not_owned_by_app")
        if message.streaming == "ended" and not (stopping and message.end_error == "stopped_by_user"):
            raise Refusal(message.end_error)
        if message.streaming not in {"streaming", "ended"}:
            raise violation("message_not_in_streaming_state", "it was never a stream, or the app stopped it itself")
        return message

    def _append(self, message: Message, arguments: Json) -> None:
        markdown, chunks = arguments.get("markdown_text", ""), arguments.get("chunks") or []
        if markdown and chunks:
            raise violation("invalid_arguments", "markdown_text and chunks exclude each other")
        if not markdown and not chunks:
            return
        mode: Literal["markdown_text", "chunks"] = "markdown_text" if markdown else "chunks"
        if message.mode not in (None, mode):
            raise violation("streaming_mode_mismatch", f"the stream is in the mode {message.mode}")
        text = markdown or "".join(_chunk_text(chunk) for chunk in chunks)
        if len(markdown) > MARKDOWN_TEXT_CHARACTERS:
            raise violation("msg_too_long", f"{len(markdown)} characters of markdown_text")
        if len(message.text) + len(text) > STREAMED_CHARACTERS:
            raise violation("msg_too_long", f"the streamed message would have {len(message.text) + len(text)}")
        for chunk in chunks:
            message.blocks += self.state.identified(chunk.get("blocks", []))
        message.mode = mode
        message.text += text
        message.appended.append(text)
        message.chunks += chunks


def _chunk_text(chunk: object) -> str:
    """The text that a chunk adds to the message; raises Slack's refusal of a chunk that breaks its rules."""
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    if not isinstance(chunk, dict) or kind not in CHUNKS:
        raise violation("invalid_chunks", f"no such type: {kind!r}")
    required, optional = CHUNKS[kind]
    names = chunk.keys() - {"type"}
    if not required <= names <= required | optional:
        raise violation("invalid_chunks", f"{kind} needs {sorted(required)}, not {sorted(names)}")
    if kind == "blocks":
        check_blocks(chunk["blocks"], too_many="msg_blocks_too_many")
        return ""
    if not all(isinstance(chunk[name], str) and chunk[name] for name in required):
        raise violation("invalid_chunks", f"{kind} needs texts that are not empty")
    if kind == "task_update" and chunk["status"] not in {"pending", "in_progress", "complete", "error"}:
        raise violation("invalid_chunks", f"no such status: {chunk['status']!r}")
    if kind == "markdown_text" and len(chunk["text"]) > MARKDOWN_TEXT_CHARACTERS:
        raise violation("msg_too_long", f"{len(chunk['text'])} characters in a chunk")
    return chunk["text"] if kind == "markdown_text" else ""
