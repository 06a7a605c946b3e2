"""Who asks: one `Caller` for every channel, and the signed tokens that browsers keep."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
from filelock import FileLock
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import SecretStr

from service.errors import StartError

log = structlog.get_logger(__name__)

Role = Literal["student", "teacher", "administrator"]
Channel = Literal["web", "api", "slack", "command_line"]

TOKEN_SECONDS = 180 * 86_400
"""How long a browser stays the same person after it was first seen."""
SESSION_SECONDS = 3600
"""How long a session token is good for."""
_RENEWED_SECONDS = 7 * 86_400
"""How old a session token may be to be exchanged for a new one of the same person."""
_STATE_SECONDS = 600
SESSION_PREFIX = "rs_"
"""What tells our session tokens from the keys that clients of other APIs send."""
OWN = ""
"""What stands in a session token for the origin of our own pages, whatever address they were opened at."""
_KEY_FILE = "secret_key"
_SHORTEST_KEY = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `person` is a pseudonym; `courses` are those that may be asked, `None` for all."""

    person: str
    courses: frozenset[str] | None = None
    role: Role = "student"
    channel: Channel = "api"

    def may_read(self, course: str) -> bool:
        return self.courses is None or course in self.courses


ANYBODY = Caller("")
"""Whoever brings neither token nor cookie."""
COMMAND_LINE = Caller("command-line", role="administrator", channel="command_line")
"""Whoever runs the program on this machine."""


class PersonTokens:
    """Signed tokens that make a browser the same person again, without a name and without a row anywhere."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: the first signs, all verify, so that a key can be replaced."""
        # The library signs with the last one.
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt="repere.person")

    def new(self) -> tuple[Caller, str]:
        """A person never seen before, and the token."""
        person = secrets.token_hex(16)
        return Caller(person, channel="web"), self._serializer.dumps(person)

    def caller(self, token: str) -> Caller | None:
        """Whose token it is; `None` for one that is forged, damaged or too old."""
        try:
            person = self._serializer.loads(token, max_age=TOKEN_SECONDS)
        except BadData:
            return None
        return Caller(person, channel="web") if isinstance(person, str) else None


@dataclass(frozen=True, slots=True)
class Session:
    """What a session token holds: a pseudonym, and the origin whose pages it was given to."""

    person: str
    origin: str


class SessionTokens:
    """Signed tokens with which the pages of one origin ask as one person, for an hour."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: as for `PersonTokens`."""
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt="repere.session")

    def new(self, person: str, origin: str) -> str:
        return SESSION_PREFIX + self._serializer.dumps([person, origin])

    def read(self, token: str) -> Session | None:
        """What a token holds; `None` for one that is forged or damaged, or has ended."""
        return self._read(token, SESSION_SECONDS)

    def renewable(self, token: str) -> Session | None:
        """The same, also for a token that has ended lately."""
        return self._read(token, _RENEWED_SECONDS)

    def _read(self, token: str, max_age: int) -> Session | None:
        try:
            person, origin = self._serializer.loads(token.removeprefix(SESSION_PREFIX), max_age=max_age)
        except BadData:
            return None
        return Session(person, origin)


class StateTokens:
    """Signed tokens that go with somebody who is sent to another site, and come back with them in ten minutes."""

    def __init__(self, keys: Sequence[str], what_for: str) -> None:
        """`keys`: as for `PersonTokens`."""
        self._serializer = URLSafeTimedSerializer(list(reversed(keys)), salt=f"repere.state.{what_for}")

    def new(self) -> str:
        return self._serializer.dumps(secrets.token_hex(16))

    def is_good(self, token: str) -> bool:
        try:
            self._serializer.loads(token, max_age=_STATE_SECONDS)
        except BadData:
            return False
        return True


def secret_keys(setting: SecretStr | None, home: Path) -> list[str]:
    """The keys that tokens are signed with: those of the setting, parted by commas, else one made once in `home`.

    Raises:
        StartError: a key is too short to be one.
    """
    if setting is not None:
        keys = [key.strip() for key in setting.get_secret_value().split(",") if key.strip()]
        if not keys or any(len(key) < _SHORTEST_KEY for key in keys):
            raise StartError(f"REPERE_SECRET_KEY takes keys of at least {_SHORTEST_KEY} characters, parted by commas")
        return keys
    path = home / _KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        return [_kept_key(path)]
    except OSError as error:
        log.warning("secret_key_not_kept", path=str(path), problem=error.strerror)
        return [secrets.token_urlsafe(32)]


def _kept_key(path: Path) -> str:
    """The key in the file, made where there is none, for the owner's eyes only."""
    with FileLock(f"{path}.lock"):
        if not path.exists():
            made = path.with_name(f"{path.name}.new")
            made.unlink(missing_ok=True)
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
            made.replace(path)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < _SHORTEST_KEY:
        raise StartError(f"{str(path)!r} holds no key; remove it, and a new one is made")
    return key
