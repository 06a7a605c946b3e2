"""The chat model that writes answers, by LangChain: any provider that `init_chat_model` knows."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol

import structlog
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from reperage.service.errors import StartError
from reperage.service.optional_imports import EXTRAS, install_command
from reperage.service.settings import Settings

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_WORTH_ANOTHER_TRY = (408, 409, 429)


class ChatModel(Protocol):
    """A model that writes text by instructions."""

    @property
    def name(self) -> str:
        """The provider and its name for the model."""
        ...

    def write(self, instructions: str, request: str) -> AsyncGenerator[str]:
        """The text, piece by piece; raises whatever goes wrong. Closing it stops the work."""
        ...


class LangChainChatModel:
    """One chat model of LangChain."""

    def __init__(self, name: str, model: BaseChatModel, retries: int = 0) -> None:
        self.name = name
        self._model = model
        self._retries = retries

    async def write(self, instructions: str, request: str) -> AsyncGenerator[str]:
        """The text, piece by piece. Until the first one came, what may pass is tried again after a pause, each twice as
        long as the one before and drawn at random up to that, so that many callers do not come back together."""
        for tries_left in range(self._retries, -1, -1):
            began = False
            try:
                async with aclosing(self._pieces(instructions, request)) as pieces:
                    async for piece in pieces:
                        began = True
                        yield piece
                return
            except Exception as error:
                if began or not tries_left or not _may_pass(error):
                    raise
                log.info("chat_model_tried_again", model=self.name, problem=type(error).__name__)
            await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2 ** (self._retries - tries_left)))

    async def _pieces(self, instructions: str, request: str) -> AsyncGenerator[str]:
        pieces: AsyncIterator[Any] = self._model.astream([SystemMessage(instructions), HumanMessage(request)])
        async for piece in pieces:
            if piece.text:
                yield piece.text


def load_chat_model(settings: Settings) -> LangChainChatModel:
    """The model that the settings name; nothing is called yet.

    Raises:
        StartError: the provider is unknown, its package is missing, or it lacks a setting.
    """
    assert settings.chat_model is not None
    provider, colon, name = settings.chat_model.partition(":")
    if not colon or not name:
        raise StartError(
            f"REPERE_CHAT_MODEL is {settings.chat_model!r}; write it as provider:model, as ollama:qwen3:4b"
        )
    try:
        model = init_chat_model(name, model_provider=provider, **_options(settings, provider))
    except ImportError as error:
        command = install_command(_missing(error, provider))
        raise StartError(
            f"REPERE_CHAT_MODEL names the provider {provider!r}, whose package is missing: {command}"
        ) from error
    except Exception as error:  # Each provider's package has errors of its own, and what it says names the setting.
        raise StartError(
            f"the chat model {settings.chat_model!r} cannot be set up: {_message_of(error)} "
            "(REPERE_CHAT_API_KEY and REPERE_CHAT_BASE_URL say how to reach it)"
        ) from error
    return LangChainChatModel(settings.chat_model, model, settings.chat_retries)


def _missing(error: ImportError, provider: str) -> str:
    """The package that a provider lacks, or our extra that brings it: the name of a provider need not be in it."""
    module = getattr(error.__cause__, "name", None) or f"langchain_{provider}"
    package = module.partition(".")[0].replace("_", "-")
    name = package.removeprefix("langchain-")
    return name if name in EXTRAS else package


def _options(settings: Settings, provider: str) -> dict[str, Any]:
    options: dict[str, Any] = {"temperature": 0}
    base_url = str(settings.chat_base_url).rstrip("/") if settings.chat_base_url else None
    if base_url:
        options["base_url"] = base_url
    if settings.chat_api_key is not None:
        options["api_key"] = settings.chat_api_key.get_secret_value()
    elif base_url and provider == "openai":
        options["api_key"] = "none"  # The client insists on one; a server of one's own does not.
    if provider == "ollama":
        options["client_kwargs"] = {"timeout": settings.chat_seconds}
    else:
        # Tries again here, so that all providers do it alike.
        options |= {"timeout": settings.chat_seconds, "max_retries": 0}
    return options


def _may_pass(error: Exception) -> bool:
    """Whether another try may go better: no for a request that the provider will always refuse."""
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return not isinstance(status, int) or status >= 500 or status in _WORTH_ANOTHER_TRY


def _message_of(error: Exception) -> str:
    """What an error says in one line, without the values that were given: a key may be among them."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        return "; ".join(str(problem["msg"]) for problem in errors())
    return " ".join(str(error).split())
