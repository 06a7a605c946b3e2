"""Signed tokens: who a browser is, a page's session, a way there and back."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from time import time
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.url_safe import URLSafeSerializerMixin

from reperage.service.caller import Caller, Role

TOKEN_SECONDS = 180 * 86_400
"""How long a browser stays the same person after it was first seen."""
SESSION_SECONDS = 3600
"""How long a session token is good for."""
_RENEWED_SECONDS = 7 * 86_400
"""How old a session token may be to be exchanged for a new one of the same person."""
_STATE_SECONDS = 600
_GRANT_SECONDS = 90 * 86_400
"""How long a link to a source opens for whoever has it: a term."""
_VERSION = 16
"""Characters of a version's digest that a token holds, so that addresses stay short."""
SESSION_PREFIX = "rs_"
"""What tells our session tokens from the keys that clients of other APIs send."""
LAUNCH_PREFIX = "rl_"
"""What tells the tokens of those whom an LMS has sent."""
LAUNCH_SECONDS = 8 * 3600
"""How long after a launch its token is renewed: a day at school."""
OWN = ""
"""What stands in a session token for the origin of our own pages, whatever address they were opened at."""


class _Serializer(URLSafeTimedSerializer):
    """The library's, but for its try to compress: that takes a quarter of a megabyte of memory for a token of a line,
    each time, and with it a tenth of what an answer costs."""

    def dump_payload(self, obj: object) -> bytes:
        return base64_encode(super(URLSafeSerializerMixin, self).dump_payload(obj))


class _Signer:
    """Values with a signature and its time; what one kind has signed, no other takes."""

    def __init__(self, keys: Sequence[str], kind: str) -> None:
        """`keys`: the first signs, all verify, so that a key can be replaced."""
        # The library signs with the last one.
        self._serializer = _Serializer(list(reversed(keys)), salt=f"repere.{kind}")

    def sign(self, value: object) -> str:
        return str(self._serializer.dumps(value))

    def read(self, token: str, max_age: int) -> Any | None:
        """What was signed; `None` for a token that is forged or damaged, or older than `max_age` seconds."""
        try:
            return self._serializer.loads(token, max_age=max_age)
        except BadData:
            return None


class PersonTokens:
    """Signed tokens that make a browser the same person again, without a name and without a row anywhere."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = _Signer(keys, "person")

    def new(self) -> tuple[Caller, str]:
        """A person never seen before, and the token."""
        person = secrets.token_hex(16)
        return Caller(person, channel="web"), self._signer.sign(person)

    def caller(self, token: str) -> Caller | None:
        """Whose token it is; `None` for one that is forged, damaged or too old."""
        person = self._signer.read(token, TOKEN_SECONDS)
        return Caller(person, channel="web") if isinstance(person, str) else None


@dataclass(frozen=True, slots=True)
class Session:
    """What a session token holds: a pseudonym, and the origin whose pages it was given to."""

    person: str
    origin: str


class SessionTokens:
    """Signed tokens with which the pages of one origin ask as one person, for an hour."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = _Signer(keys, "session")

    def new(self, person: str, origin: str) -> str:
        return SESSION_PREFIX + self._signer.sign([person, origin])

    def read(self, token: str) -> Session | None:
        """What a token holds; `None` for one that is forged or damaged, or has ended."""
        return self._read(token, SESSION_SECONDS)

    def renewable(self, token: str) -> Session | None:
        """The same, also for a token that has ended lately."""
        return self._read(token, _RENEWED_SECONDS)

    def _read(self, token: str, max_age: int) -> Session | None:
        values = self._signer.read(token.removeprefix(SESSION_PREFIX), max_age)
        return Session(*values) if values else None


@dataclass(frozen=True, slots=True)
class LaunchSession:
    """Whoever an LMS has sent: a pseudonym, a role, and the context that they came from.

    `locale` is the language that they read the LMS in; `launched_at` is in seconds since 1970.
    """

    person: str
    role: Role
    platform_id: str
    deployment_id: str
    context_id: str
    title: str
    locale: str
    launched_at: int


class LaunchTokens:
    """Signed tokens of launch sessions, for an hour, renewed on the day of the launch."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = _Signer(keys, "launch")

    def new(self, session: LaunchSession) -> str:
        return LAUNCH_PREFIX + self._signer.sign(list(astuple(session)))

    def read(self, token: str) -> LaunchSession | None:
        """What a token holds; `None` for one that is forged or damaged, or has ended."""
        return self._read(token, SESSION_SECONDS)

    def renewable(self, token: str) -> LaunchSession | None:
        """The same, also for a token that has ended on the day of its launch."""
        return self._read(token, LAUNCH_SECONDS)

    def _read(self, token: str, max_age: int) -> LaunchSession | None:
        values = self._signer.read(token.removeprefix(LAUNCH_PREFIX), max_age)
        session = LaunchSession(*values) if values else None
        return session if session and time() - session.launched_at < LAUNCH_SECONDS else None


@dataclass(frozen=True, slots=True)
class DeepLinkRequest:
    """A platform lets a person put a link into a course of theirs: `settings` are what it said."""

    person: str
    platform_id: str
    deployment_id: str
    context_id: str
    settings: dict[str, Any]

    def is_of(self, session: LaunchSession) -> bool:
        """Whether it was made to whoever has that session, where they have it."""
        place = (self.person, self.platform_id, self.deployment_id, self.context_id)
        return place == (session.person, session.platform_id, session.deployment_id, session.context_id)


class DeepLinkTokens:
    """Signed requests for links."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = _Signer(keys, "deep-link")

    def new(self, session: LaunchSession, settings: Mapping[str, Any]) -> str:
        names = (session.person, session.platform_id, session.deployment_id, session.context_id)
        return self._signer.sign([*names, dict(settings)])

    def read(self, token: str) -> DeepLinkRequest | None:
        """What a token holds; `None` for one that is forged or damaged, or has ended."""
        values = self._signer.read(token, LAUNCH_SECONDS)
        return DeepLinkRequest(*values) if values else None


class StateTokens:
    """Signed tokens that go with somebody who is sent to another site, and come back with them in ten minutes."""

    def __init__(self, keys: Sequence[str], what_for: str) -> None:
        self._signer = _Signer(keys, f"state.{what_for}")

    def new(self) -> str:
        return self._signer.sign(secrets.token_hex(16))

    def is_good(self, token: str) -> bool:
        return self._signer.read(token, _STATE_SECONDS) is not None


class GrantTokens:
    """Signed rights to read one version of one document, for whoever holds the address."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = _Signer(keys, "grant")

    def new(self, course: str, document_id: str, version: str) -> str:
        return self._signer.sign([course, document_id, version[-_VERSION:]])

    def is_good(self, token: str, course: str, document_id: str, version: str) -> bool:
        """Whether a token lets that version be read; false for one that is forged or has ended."""
        return self._signer.read(token, _GRANT_SECONDS) == [course, document_id, version[-_VERSION:]]


class Tokens:
    """What the service signs for those who come to it, by kind."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: the first signs, all verify."""
        self.person = PersonTokens(keys)
        self.session = SessionTokens(keys)
        self.launch = LaunchTokens(keys)
        self.deep_link = DeepLinkTokens(keys)
        self.grant = GrantTokens(keys)
