"""Workspaces that the app is installed in, and the token of each.

Installations by OAuth are kept in the database, encrypted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from json import dumps, loads
from logging import Logger, getLogger

import structlog
from anyio import to_thread
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from reperage.service.access.encryption import Encryption
from reperage.service.access.signed_tokens import StateTokens
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.slack import installation_of, is_first, remove_workspace, store_installation

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """Grant of a workspace to the bot: its token, and who installed it, by Slack's name."""

    token: str = field(repr=False)
    installer: str | None = None


class Workspaces:
    """Grants of every workspace; of the only one where `token` is set. Reading and writing blocks."""

    def __init__(self, database: Database, keys: Sequence[str], token: str | None = None) -> None:
        """`keys`: as for `Encryption`."""
        self._database = database
        self._encryption = Encryption(keys, "repere.slack")
        self._only = Grant(token) if token else None

    def grant(self, name: str) -> Grant | None:
        """Grant of a workspace; `None` without one, or where its key is gone.

        Raises:
            StateUnavailable: the database cannot be read.
        """
        if self._only is not None:
            return self._only
        if (ciphertext := installation_of(self._database, name)) is None:
            return None
        if (plaintext := self._encryption.decrypt(ciphertext)) is None:
            log.error("slack_installation_unreadable", workspace=name)
            return None
        return Grant(**loads(plaintext))

    def keep(self, name: str, grant: Grant) -> None:
        """Keep a grant, encrypted."""
        store_installation(self._database, name, self._encryption.encrypt(dumps(asdict(grant))))

    def remove(self, name: str) -> None:
        """Remove everything about a workspace."""
        remove_workspace(self._database, name)


class Installations(AsyncInstallationStore):
    """Workspaces as Slack's library keeps installations."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    @property
    def logger(self) -> Logger:
        return getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        if installation.team_id is None or installation.bot_token is None:
            raise BoltError("it is installed in workspaces, each by itself, not in a whole organisation")
        grant = Grant(installation.bot_token, installation.user_id)
        await to_thread.run_sync(self._workspaces.keep, installation.team_id, grant)

    async def async_save_bot(self, bot: Bot) -> None:
        """Nothing: it is part of the installation."""


class States(AsyncOAuthStateStore):
    """Signed states, good for ten minutes and once, so that nobody is made to install for somebody else."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._database = database
        self._tokens = StateTokens(keys, "slack")

    @property
    def logger(self) -> Logger:
        return getLogger(__name__)

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        return self._tokens.new()

    async def async_consume(self, state: str) -> bool:
        if not self._tokens.is_good(state):
            return False
        name = "state:" + hashlib.sha256(state.encode()).hexdigest()
        return await to_thread.run_sync(partial(is_first, self._database, name, now()))
