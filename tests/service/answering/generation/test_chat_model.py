"""Chat models by LangChain, against servers on this machine that play a provider's."""

import json
from collections.abc import AsyncIterator

import anyio
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from reperage.service.answering.generation import chat_model as module
from reperage.service.answering.generation.chat_model import load_chat_model
from reperage.service.errors import StartError
from reperage.service.settings import Settings
from tests.service.serving import listening

SAID = ["Un port ", "est ouvert ", "[1]."]


class Provider:
    """Plays the chat endpoints of OpenAI and Ollama; `fails` are the statuses of the first answers."""

    def __init__(self, *fails: int) -> None:
        self.fails = list(fails)
        self.requests: list[tuple[dict, dict]] = []

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self.openai, methods=["POST"]),
                Route("/api/chat", self.ollama, methods=["POST"]),
            ]
        )

    async def openai(self, request: Request) -> Response:
        self.requests.append((await request.json(), dict(request.headers)))
        if self.fails:
            return JSONResponse({"error": {"message": "no", "type": "x"}}, self.fails.pop(0))

        async def pieces() -> AsyncIterator[str]:
            head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
            for piece in SAID:
                choice = {"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}
                yield f"data: {json.dumps(head | {'choices': [choice]})}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async def ollama(self, request: Request) -> Response:
        self.requests.append((await request.json(), dict(request.headers)))
        if self.fails:
            return JSONResponse({"error": "no"}, self.fails.pop(0))

        async def pieces() -> AsyncIterator[str]:
            head = {"model": "m", "created_at": "2026-01-01T00:00:00Z"}
            for piece in SAID:
                yield json.dumps(head | {"message": {"role": "assistant", "content": piece}, "done": False}) + "\n"
            yield json.dumps(head | {"message": {"role": "assistant", "content": ""}, "done": True}) + "\n"

        return StreamingResponse(pieces(), media_type="application/x-ndjson")


def write(settings: Settings) -> list[str]:
    """What the model that the settings name writes."""

    async def collect() -> list[str]:
        model = load_chat_model(settings)
        try:
            return [piece async for piece in model.write("Écris.", "Un port ?")]
        finally:  # The providers' clients keep their connections, for a loop that does not end.
            if openai := getattr(model._model, "root_async_client", None):
                await openai.close()
            if ollama := getattr(model._model, "_async_client", None):
                await ollama._client.aclose()

    return anyio.run(collect)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.01)


@pytest.mark.parametrize(("name", "path"), [("openai:m", "/v1"), ("ollama:m:7b", "")])
def test_a_provider_is_asked_and_its_pieces_come_as_they_are(name: str, path: str) -> None:
    provider = Provider()
    with listening(provider.app()) as url:
        settings = Settings(chat_model=name, chat_base_url=url + path, chat_api_key=SecretStr("sk-geheim"))
        assert write(settings) == SAID
    ((body, headers),) = provider.requests
    assert body["model"] == name.partition(":")[2]
    assert body["stream"] is True
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    if name.startswith("openai"):
        assert headers["authorization"] == "Bearer sk-geheim"


def test_a_server_of_one_s_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with listening(Provider().app()) as url:
        assert write(Settings(chat_model="openai:m", chat_base_url=f"{url}/v1")) == SAID


@pytest.mark.parametrize(("status", "calls"), [(500, 3), (503, 3), (429, 3), (401, 1), (404, 1), (400, 1)])
def test_what_may_pass_is_tried_again_and_nothing_else(status: int, calls: int) -> None:
    provider = Provider(*[status] * 9)
    with listening(provider.app()) as url:
        settings = Settings(chat_model="openai:m", chat_base_url=f"{url}/v1", chat_retries=2)
        with pytest.raises(Exception, match=str(status)):
            write(settings)
    assert len(provider.requests) == calls


def test_a_later_try_succeeds() -> None:
    provider = Provider(500, 429)
    with listening(provider.app()) as url:
        assert write(Settings(chat_model="openai:m", chat_base_url=f"{url}/v1", chat_retries=2)) == SAID


def test_a_server_that_is_not_there_is_an_error_and_no_hang() -> None:
    with pytest.raises(Exception, match="onnect"):
        write(Settings(chat_model="openai:m", chat_base_url="http://127.0.0.1:9/v1", chat_retries=1))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qwen3", "provider:model"),
        ("ollama:", "provider:model"),
        ("nobody:m", "nobody"),
        ("anthropic:m", r"pip install 'langchain-anthropic'"),
        ("bedrock:m", r"pip install 'langchain-aws'"),
    ],
)
def test_a_setting_that_names_no_model_is_told_at_start(name: str, said: str) -> None:
    with pytest.raises(StartError, match=said):
        load_chat_model(Settings(chat_model=name))


def test_a_missing_package_of_ours_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("No module named 'langchain_ollama'")

    monkeypatch.setattr(module, "init_chat_model", missing)
    with pytest.raises(StartError, match=r"tools/environment\.py --extra ollama$"):
        load_chat_model(Settings(chat_model="ollama:qwen3:4b"))


def test_a_key_that_is_needed_is_asked_for_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(StartError, match=r"(?i)api.key"):
        load_chat_model(Settings(chat_model="openai:m"))
    settings = Settings(chat_model="mistralai:m", chat_api_key=SecretStr("sk-geheim"))
    assert load_chat_model(settings).name == "mistralai:m"
    assert "geheim" not in repr(settings)
