"""Everything that can be set, by environment variables that begin with `REPERE_`."""

import os
import re
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from reperage.corpus import Chunking
from reperage.index.manifest import Recipe
from reperage.index.models import SHIPPED_MODEL, model_digest
from reperage.service.urls import normalized_origin

if TYPE_CHECKING:
    from limits import RateLimitItem

_HERE = ("127.0.0.1", "::1", "0.0.0.0", "::", "")
"""Addresses to listen on that a browser on this machine reaches as `localhost`."""


_OWN_PATHS = ("v1", "static", "courses", "docs", "openapi.json", "healthz", "readyz", "metrics", "widget.js")
"""What addresses begin with; a path that begins so could not be told from them."""


class Settings(BaseSettings):
    """The settings of one running Repère."""

    model_config = SettingsConfigDict(env_prefix="REPERE_", frozen=True, extra="ignore")

    home: Path = Field(Path("var"), description="The folder that everything the program writes goes under.")
    host: str = Field("127.0.0.1", description="The address that `repere serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port that `repere serve` listens on.")
    public_url: HttpUrl | None = Field(
        None,
        description="The address that people reach Repère at, such as `https://repere.example`; links in answers "
        "begin with it. Without it they begin with the address of the request.",
    )
    root_path: str = Field(
        "",
        description="The path that a proxy serves Repère under, such as `/repere`, whether or not it takes that away "
        "from addresses.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "believed, parted by commas, or `*` for all. Without it none is.",
    )
    rate_per_session: str = Field(
        "20/minute",
        description="How many questions a person may ask from a page with a session, such as `20/minute;300/day`.",
    )
    rate_per_address: str = Field(
        "600/minute",
        description="The same for all people behind one address, whose sessions are counted too. Requests without "
        "a session are not counted.",
    )
    rate_per_key: str = Field("3000/hour", description="The same for what is asked with one key of the API.")
    rate_storage_url: SecretStr | None = Field(
        None,
        description="The Redis in which several processes count together what was asked, as "
        "`redis://:password@host:6379/0`, `rediss://…`, `redis+unix:///path` or `redis+sentinel://host:26379/name`. "
        "Without it each counts by itself.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="The key that signs what browsers keep, at least 16 characters. Of several, parted by commas, "
        "the first signs and all are accepted, so that it can be replaced. Without it one is made in `REPERE_HOME`.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="The database of the conversations, as `postgresql://user:password@host/name` or "
        "`sqlite:////data/repere.sqlite3`. Without it `repere.sqlite3` in `REPERE_HOME`.",
    )
    retention_days: int = Field(
        365, ge=0, description="Conversations are removed so many days after their last question. 0 keeps them."
    )
    shipped_indexes: Path | None = Field(
        None,
        description="A read-only folder of indexes made beforehand; one is used where it fits the material and "
        "the model exactly.",
    )
    embedding_model: str = Field(
        SHIPPED_MODEL,
        description="The embedding model: the shipped one, a folder with a sentence-transformers model, or a name "
        "on the Hugging Face hub.",
    )
    query_prompt: str | None = Field(
        None, description="What is put before a question for the embedding model, instead of the model's own."
    )
    document_prompt: str | None = Field(
        None, description="What is put before a text for the embedding model, instead of the model's own."
    )
    reranker: str | None = Field(
        None,
        description="A sentence-transformers CrossEncoder that reads the best chunks again, a folder or a name on "
        "the Hugging Face hub: better order, many times slower.",
    )
    reader: Literal["on", "off"] = Field(
        "on",
        description="Whether the shipped reader reads the likeliest sentences with the question, to choose among them "
        "and to decide whether they answer. `off` is faster, and oftener wrong.",
    )
    reader_windows: int = Field(
        16, ge=1, le=32, description="How many runs of sentences, of about 100 tokens each, the reader reads at most."
    )
    chat_model: str | None = Field(
        None,
        description="The language model that writes answers, as provider:model: `ollama:qwen3:4b`, `openai:…`, "
        "`mistralai:…`. Without it answers are put together from the material's own sentences.",
    )
    chat_base_url: HttpUrl | None = Field(
        None, description="The address of the model's server, where it is not the provider's own."
    )
    chat_api_key: SecretStr | None = Field(None, description="The key for the model's server.")
    chat_first_sentence_seconds: float = Field(
        20, gt=0, description="After so many seconds without a verified sentence the extractive answer is given."
    )
    chat_seconds: float = Field(60, gt=0, description="After so many seconds an answer ends with what was verified.")
    chat_retries: int = Field(2, ge=0, le=10, description="How often a call that failed at once is tried again.")
    chat_calls_at_once: int = Field(4, ge=1, description="How many answers the model writes at once; others wait.")
    support_model: str | None = Field(
        None,
        description="A sentence-transformers CrossEncoder that tells whether a quote bears out a sentence (similarity "
        "or entailment), a folder or a name on the Hugging Face hub: one more check of what a language model writes.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="The signing secret of the Slack app. With it `repere serve` answers at `/slack/events`."
    )
    slack_bot_token: SecretStr | None = Field(
        None, description="The bot's token, `xoxb-…`, where the app is installed in one workspace."
    )
    slack_app_token: SecretStr | None = Field(
        None, description="The app's token, `xapp-…`, for Socket Mode: `repere slack`."
    )
    slack_client_id: str | None = Field(
        None, description="The app's client ID, where it is installed in several workspaces from `/slack/install`."
    )
    slack_client_secret: SecretStr | None = Field(None, description="The app's client secret, with the client ID.")
    slack_managers: str = Field(
        "",
        description="Who may choose the course of a channel: member IDs of Slack, such as `U012AB3CD`, parted by "
        "commas. Whoever installed the app from `/slack/install` may as well.",
    )
    slack_api_url: HttpUrl = Field(
        HttpUrl("https://slack.com/api/"), description="The address of Slack's API; GovSlack has another."
    )
    encoder_threads: int = Field(
        0,
        ge=0,
        description="Processor threads of one encoder call. 0: one for the shipped model, whose calls run side by "
        "side, all cores for any other.",
    )
    max_question_length: int = Field(2000, ge=10, description="The most characters a question may have.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious messages that are logged."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="`text` for people, `json` for programs that gather logs."
    )

    @field_validator("root_path")
    @classmethod
    def _is_path(cls, value: str) -> str:
        path = value.rstrip("/")
        if path and not re.fullmatch(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+", path):
            raise ValueError("a path begins with a slash and holds letters, digits, `.`, `_`, `~` and `-`")
        if path.partition("/")[2].partition("/")[0] in _OWN_PATHS:
            raise ValueError("addresses of Repère's own begin so; choose another path")
        return path

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        if value.strip() != "*":
            for network in _split(value):
                ip_network(network)
        return value.strip()

    @field_validator("rate_per_session", "rate_per_address", "rate_per_key")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        parse_limits(value)
        return value

    @cached_property
    def public_origin(self) -> str | None:
        """The origin of the pages at `public_url`."""
        address = self.public_url
        return normalized_origin(f"{address.scheme}://{address.host}:{address.port}") if address else None

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies, one by one, IPv4 also as a listener of both kinds sees it."""
        if self.trusted_proxies == "*":
            return ["*"]
        networks = [ip_network(network) for network in _split(self.trusted_proxies)]
        mapped = [f"::ffff:{n.network_address}/{96 + n.prefixlen}" for n in networks if n.version == 4]
        return [*map(str, networks), *mapped]

    @property
    def names_slack(self) -> bool:
        """Whether anything is set of Slack's."""
        return any(name.startswith("slack_") for name in self.model_fields_set)

    @cached_property
    def recipe(self) -> Recipe:
        """What indexes are built by."""
        return Recipe(
            self.embedding_model, model_digest(self.embedding_model), Chunking(), document_prompt=self.document_prompt
        )

    def address(self, port: int | None = None) -> str:
        """What people open on this machine, without a slash at the end: `public_url`, or else host, port and root path.

        `port` is the one that is listened on, where it is not the setting's.
        """
        if self.public_url:
            return str(self.public_url).rstrip("/")
        name = f"[{self.host}]" if ":" in self.host else self.host
        host = "localhost" if self.host in _HERE else name
        return f"http://{host}:{self.port if port is None else port}{self.root_path}"

    @property
    def calls_at_once(self) -> int:
        """How many questions are worth answering side by side: more would only wait for the encoder."""
        threads = self.encoder_threads or (1 if self.embedding_model == SHIPPED_MODEL else os.cpu_count() or 1)
        return max(1, (os.cpu_count() or 1) // threads)

    @property
    def index_roots(self) -> list[Path]:
        """Where indexes are looked for; the first is where they are written."""
        roots = [self.home / "indexes"]
        return [*roots, self.shipped_indexes] if self.shipped_indexes else roots


def parse_limits(text: str) -> "list[RateLimitItem]":
    """The limits that a setting names in the notation of the library `limits`, such as `20/minute;300/day`.

    Raises:
        ValueError: it names none.
    """
    from limits import parse_many  # The command line does without.

    limits = parse_many(text)
    if any(limit.amount < 1 or limit.get_expiry() < 1 for limit in limits):
        raise ValueError("a limit is at least 1")
    return limits


def _split(value: str) -> list[str]:
    return [part for part in map(str.strip, value.split(",")) if part]
