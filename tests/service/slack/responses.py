"""What an app posts to the `response_url` of a command or of an interaction."""

import json
from dataclasses import dataclass

from aiohttp import web

from tests.service.slack.state import Ephemeral, Json, Message, Refusal, ResponseUrl, State, violation
from tests.service.slack.web_api import POSTED_CHARACTERS, check_content, check_thread

USES = 5
FLAGS = ("delete_original", "replace_original", "unfurl_links", "unfurl_media")
FIELDS = {"attachments", "blocks", "metadata", "response_type", "text", "thread_ts", *FLAGS}


@dataclass(frozen=True)
class Response:
    """A body that was posted to a `response_url`, and what it was answered: none where it was carried out."""

    url: str
    body: Json
    error: str | None


class Responses:
    """Carries out what apps answer."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.responses: list[Response] = []

    async def serve(self, request: web.Request) -> web.Response:
        """Slack answers "ok" in plain text."""
        body: Json = {}
        error = None
        try:
            body = _read(await request.read(), request.content_type)
            self._carry_out(self._use(request.path), body)
            answer = web.Response(text="ok")
        except Refusal as refusal:
            error = refusal.error
            if refusal.violation:
                self.state.violate("response_url", str(refusal))
            answer = web.json_response(refusal.body, status=refusal.status)
        self.responses.append(Response(str(request.url), body, error))
        self.state.notify()
        return answer

    def _use(self, path: str) -> ResponseUrl:
        url = self.state.response_urls.get(path)
        if url is None:
            raise Refusal("invalid_url", status=404, violation=True)
        if url.expired:
            raise Refusal("expired_url", status=404)
        if url.uses >= USES:
            raise Refusal("used_url", f"it was used {USES} times", status=404, violation=True)
        url.uses += 1
        return url

    def _carry_out(self, url: ResponseUrl, body: Json) -> None:
        original = self._original(url)
        if body.get("delete_original"):
            if isinstance(original, Message):
                self.state.messages[url.channel].remove(original)
            elif original:
                self.state.ephemeral.remove(original)
            return
        text, blocks = check_content(body)
        if len(text) > POSTED_CHARACTERS:
            self.state.violate("response_url", f"{len(text)} characters: Slack cut it at {POSTED_CHARACTERS}")
        if original and body.get("replace_original"):
            original.text, original.blocks = text, self.state.identified(blocks)
            return
        thread_ts = body.get("thread_ts")
        check_thread(self.state, url.channel, thread_ts)
        ts, bot = self.state.new_ts(), url.workspace
        if body.get("response_type", "ephemeral") == "ephemeral":
            self.state.show(Ephemeral(url.channel, url.user, ts, text, blocks, thread_ts))
        else:
            self.state.add(Message(url.channel, ts, bot.bot_user_id, text, blocks, thread_ts, bot.bot_id))

    def _original(self, url: ResponseUrl) -> Message | Ephemeral | None:
        if url.message_ts is None:
            return None
        shown = (e for e in self.state.ephemeral if (e.channel, e.ts) == (url.channel, url.message_ts))
        return self.state.find(url.channel, url.message_ts) or next(shown, None)


def _read(body: bytes, content_type: str) -> Json:
    try:
        given = json.loads(body)
    except ValueError as problem:
        raise violation("invalid_payload", str(problem)) from problem
    if content_type != "application/json" or not isinstance(given, dict):
        raise violation("invalid_payload", content_type)
    problems = [f"unknown field {name!r}" for name in sorted(given.keys() - FIELDS)]
    problems += [f"{name} must be a boolean" for name in FLAGS if not isinstance(given.get(name, True), bool)]
    problems += [f"{name} must be an array" for name in ("blocks",) if not isinstance(given.get(name, []), list)]
    if given.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        problems.append("response_type is ephemeral or in_channel")
    if problems:
        raise violation("invalid_payload", *problems)
    return given
