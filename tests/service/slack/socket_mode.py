"""Slack's side of Socket Mode: a websocket on which envelopes go out and acknowledgements come in."""

import asyncio
import json
import uuid
import weakref
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiohttp import WSMsgType, web

from tests.service.slack.signing import kind_of
from tests.service.slack.state import Json, State


@dataclass(frozen=True)
class Acknowledgement:
    """An app's answer to an envelope, `seconds` after it was sent."""

    envelope_id: str
    payload: Json | None
    seconds: float


class SocketMode:
    """The connections of one app. Its methods may be called from any thread."""

    def __init__(self, state: State, app_id: str) -> None:
        self.state = state
        self.app_id = app_id
        self.connections = 0
        self.acknowledgements: list[Acknowledgement] = []
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._requests: weakref.WeakKeyDictionary[web.WebSocketResponse, web.Request] = weakref.WeakKeyDictionary()
        self._sent: dict[str, tuple[float, bool]] = {}
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def open_connections(self) -> int:
        """How many connections an app holds."""
        return len(self._alive())

    def issue_ticket(self) -> str:
        """What lets an app connect once."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    def wait_for_connection(self, count: int = 1, timeout: float = 10) -> None:
        """Return once an app connected `count` times in all and is connected."""
        self.state.wait_until(
            lambda: self.connections >= count and bool(self._alive()), timeout, f"connection {count} of Socket Mode"
        )

    def deliver(self, payload: Json, *, retry_attempt: int | None = None, retry_reason: str | None = None) -> str:
        """Send a payload on the newest connection; returns the `envelope_id` that the app must acknowledge."""
        kind, envelope_id = kind_of(payload), str(uuid.uuid4())
        accepts = kind != "events_api"
        envelope = {"type": kind, "envelope_id": envelope_id, "payload": payload, "accepts_response_payload": accepts}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry_attempt or 0, "retry_reason": retry_reason or ""}
        self._sent[envelope_id] = (monotonic(), accepts)
        self._send(envelope)
        return envelope_id

    def acknowledgement(self, envelope_id: str, timeout: float = 3) -> Acknowledgement:
        """The acknowledgement of that envelope; an AssertionError if it does not come, in Slack's three seconds."""
        self.state.wait_until(lambda: self._acknowledged(envelope_id) is not None, timeout, "the acknowledgement")
        found = self._acknowledged(envelope_id)
        assert found is not None
        return found

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew ("warning", "refresh_requested") or say that it is off ("link_disabled")."""
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}
        socket = self._send(message)
        # The app may be gone by itself already.
        if reason != "warning":
            self._run(socket.close())

    def drop(self) -> None:
        """Break every connection off without a word."""
        self._run(self._abort())

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The websocket itself."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            self.state.violate("websocket", "a ticket of apps.connections.open is good for one connection")
            return web.Response(status=400)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._alive()) + 1,
                "connection_info": {"app_id": self.app_id},
                "debug_info": {"host": "applink-1", "approximate_connection_time": 18060},
            }
        )
        self._requests[socket] = request
        self._open.append(socket)
        self.connections += 1
        self.state.notify()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._receive(message.data)
        finally:
            self._open.remove(socket)
            self.state.notify()
        return socket

    async def _abort(self) -> None:
        for socket in self._alive():
            transport = self._requests[socket].transport
            assert transport is not None
            transport.abort()

    async def close(self) -> None:
        """Close every connection."""
        for socket in list(self._open):
            with suppress(ConnectionError, RuntimeError):
                await socket.close()

    def _receive(self, text: str) -> None:
        try:
            answer = json.loads(text)
            envelope_id = answer["envelope_id"]
            at, accepts = self._sent[envelope_id]
        except (KeyError, TypeError, ValueError):
            self.state.violate("websocket", f"no acknowledgement of an envelope: {text}")
            return
        if answer.keys() - {"envelope_id", "payload"} or (answer.get("payload") and not accepts):
            self.state.violate("websocket", f"this envelope takes no payload: {text}")
        if self._acknowledged(envelope_id):
            self.state.violate("websocket", f"the envelope {envelope_id} was acknowledged twice")
        self.acknowledgements.append(Acknowledgement(envelope_id, answer.get("payload"), monotonic() - at))
        self.state.notify()

    def _acknowledged(self, envelope_id: str) -> Acknowledgement | None:
        return next((found for found in self.acknowledgements if found.envelope_id == envelope_id), None)

    def _alive(self) -> list[web.WebSocketResponse]:
        requests = [(socket, self._requests[socket]) for socket in list(self._open)]
        return [socket for socket, request in requests if request.transport and not request.transport.is_closing()]

    def _send(self, message: Json) -> web.WebSocketResponse:
        """Send it on the newest connection and return that one; if the app gives it up meanwhile, on the next."""
        while True:
            self.wait_for_connection()
            try:
                return asyncio.run_coroutine_threadsafe(self._send_to_newest(message), self._loop()).result(10)
            except ConnectionError:
                continue

    async def _send_to_newest(self, message: Json) -> web.WebSocketResponse:
        alive = self._alive()
        if not alive:
            raise ConnectionError("the app is gone")
        await alive[-1].send_json(message)
        return alive[-1]

    def _loop(self) -> asyncio.AbstractEventLoop:
        assert self.loop is not None, "the platform does not run"
        return self.loop

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop()).result(10)
