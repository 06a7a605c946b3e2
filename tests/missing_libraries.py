"""A program: where each optional library is missed, and what is told there, as JSON.

It runs where none of them is installed; `tests/test_wheel.py` makes such an environment.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable

from reperage.service.answering.generation.chat_model import load_chat_model
from reperage.service.cli.main import main
from reperage.service.errors import StartError
from reperage.service.settings import Settings

SLACK = {"REPERE_SLACK_SIGNING_SECRET": "0" * 32, "REPERE_SLACK_BOT_TOKEN": "xoxb-1"}


def command(*arguments: str, **variables: str) -> Callable[[], str]:
    """The last line that a command prints on standard error; it fails."""

    def run() -> str:
        os.environ.update(variables)
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            assert main(arguments) == 1, stderr.getvalue()
        for name in variables:
            del os.environ[name]
        return stderr.getvalue().splitlines()[-1]

    return run


def chat_model(provider: str) -> Callable[[], str]:
    def load() -> str:
        try:
            load_chat_model(Settings(chat_model=f"{provider}:m"))
        except StartError as error:
            return str(error)
        raise AssertionError(f"the library of {provider} is there")

    return load


PLACES: dict[str, list[Callable[[], str]]] = {
    "mcp": [command("mcp"), command("mcp", "--http", "--port", "0")],
    "slack": [command("slack"), command("serve", "--port", "0", **SLACK)],
    "redis": [command("serve", "--port", "0", REPERE_RATE_STORAGE_URL="redis://127.0.0.1:1")],
    "postgresql": [command("keys", "list", REPERE_DATABASE_URL="postgresql://u@127.0.0.1:1/none")],
    "mistralai": [chat_model("mistralai")],
    "ollama": [chat_model("ollama")],
    "openai": [chat_model("openai"), chat_model("azure_openai")],
    "langchain-anthropic": [chat_model("anthropic")],
    "langchain-aws": [chat_model("bedrock")],
}
"""By the extra, or the package that none of ours brings."""

if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: [tell() for tell in places] for name, places in PLACES.items()}))
