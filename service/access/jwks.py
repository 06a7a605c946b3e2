"""Public keys of others by the address of their set (RFC 7517), as LMSs publish those that they sign with."""

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

import requests
import structlog
import urllib3

from reperage.service.urls import is_confidential, web_address

if TYPE_CHECKING:
    import jwt

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 600.0
"""How long a set is taken as it was fetched."""
_OVERLAP_SECONDS = 600.0
"""How long after that it is still taken at once, while it is fetched again beside."""
_PAUSE_SECONDS = 30.0
"""How long a set is not fetched again for the sake of a name that it lacks, or after that failed."""
_KEPT_SECONDS = 86_400.0
"""How long a set stays good that cannot be fetched again."""
_WAIT_SECONDS = 5.0
_LARGEST = 256_000
_PIECE = 16_384
_ASYMMETRIC = ("RSA", "EC", "OKP")
_SHORTEST_RSA = 2048


class JwksUnavailable(Exception):
    """A set of keys cannot be fetched, and none is left from before; says why."""


class UnknownKey(Exception):
    """A set of keys has none of that name that signs."""


@dataclass(slots=True)
class _KeySet:
    """The set of keys at one address, as far as it was fetched; under the lock."""

    keys: "Mapping[str, jwt.PyJWK]" = field(default_factory=dict)
    fetched_at: float = float("-inf")
    failed_at: float = float("-inf")
    missed_at: float = float("-inf")
    problem: str = ""
    fetching: "Future[None] | None" = None
    begun_at: float = 0.0


class JwksCache:
    """Public keys by the address of their set, kept a while. Blocking: call it from a thread; any number may."""

    def __init__(self) -> None:
        self._sets: dict[str, _KeySet] = {}
        self._lock = Lock()

    def key(self, url: str, kid: str) -> "jwt.PyJWK":
        """The key of that name in the set at `url`; waits for that address five seconds at most.

        Raises:
            UnknownKey: the set has no such key, or it is not for signatures, symmetric, private or too short.
            JwksUnavailable: the set cannot be fetched, and was not within the last day.
        """
        if (key := self.cached_key(url, kid)) is not None:
            return key
        with self._lock:
            key_set = self._sets.setdefault(url, _KeySet())
            is_due = monotonic() - key_set.fetched_at >= _FRESH_SECONDS
        if is_due:
            self._fetch(url, key_set)
        if (key := self._key_of(url, key_set, kid)) is not None:
            return key
        if not is_due and self._may_look_again(key_set):
            self._fetch(url, key_set)
            if (key := self._key_of(url, key_set, kid)) is not None:
                return key
        raise UnknownKey(f"the set of keys at {url} has no key named {kid[:64]!r} for signatures")

    def cached_key(self, url: str, kid: str) -> "jwt.PyJWK | None":
        """The same where that needs no waiting; `None` where it does, or there is none.

        A set that is due is fetched beside. Once it is twice that old it is waited for, as a key may have been
        withdrawn, unless that failed the last time: then its server holds up nobody, for as long as the set is good.
        """
        with self._lock:
            if (key_set := self._sets.get(url)) is None:
                return None
            age = monotonic() - key_set.fetched_at
            if age >= _KEPT_SECONDS or (key := key_set.keys.get(kid)) is None:
                return None
            if age >= _FRESH_SECONDS + _OVERLAP_SECONDS and key_set.failed_at < key_set.fetched_at:
                return None
            if age >= _FRESH_SECONDS:
                self._begin(url, key_set)
            return key

    def _key_of(self, url: str, key_set: _KeySet, kid: str) -> "jwt.PyJWK | None":
        with self._lock:
            is_lost = monotonic() - key_set.fetched_at >= _KEPT_SECONDS
            key = None if is_lost else key_set.keys.get(kid)
            # Where the last try failed, the name may be a new one.
            if is_lost or (key is None and key_set.failed_at > key_set.fetched_at):
                raise JwksUnavailable(f"the set of keys at {url} cannot be had: {key_set.problem}")
            return key

    def _may_look_again(self, key_set: _KeySet) -> bool:
        """Whether the set is fetched again for a name that it lacks: anybody can make names up."""
        with self._lock:
            # Somebody else's fetch for such a name is waited for.
            if key_set.fetching is None and monotonic() - key_set.missed_at < _PAUSE_SECONDS:
                return False
            key_set.missed_at = monotonic()
            return True

    def _fetch(self, url: str, key_set: _KeySet) -> None:
        """Fetch the set, or wait for whoever does; nothing where that failed a moment ago."""
        with self._lock:
            if (fetching := self._begin(url, key_set)) is None:
                return
            seconds = key_set.begun_at + _WAIT_SECONDS - monotonic()
        try:
            fetching.result(max(0.0, seconds))
        except TimeoutError:
            with self._lock:
                self._note_failure(url, key_set, _TOO_SLOW)

    def _begin(self, url: str, key_set: _KeySet) -> "Future[None] | None":
        """The fetch of a set, begun unless it is under way; `None` where that failed a moment ago. Under the lock."""
        if monotonic() - key_set.failed_at < _PAUSE_SECONDS:
            return None
        if key_set.fetching is None:
            key_set.fetching, key_set.begun_at = Future(), monotonic()
            # A thread of its own, as a server may hold it up beyond any limit. There is one for each address.
            Thread(target=self._run, args=(url, key_set), name="key set", daemon=True).start()
        return key_set.fetching

    def _run(self, url: str, key_set: _KeySet) -> None:
        problem, keys = "", {}
        try:
            keys = _signing_keys(_download(url))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            problem = _reason(error)
        except Exception as error:
            log.exception("key_set_failed", url=url)
            problem = f"an unexpected error, {type(error).__name__}"
        with self._lock:
            if problem:
                self._note_failure(url, key_set, problem)
            else:
                key_set.keys, key_set.fetched_at, key_set.failed_at = keys, monotonic(), float("-inf")
            fetching, key_set.fetching = key_set.fetching, None
        assert fetching is not None
        fetching.set_result(None)

    def _note_failure(self, url: str, key_set: _KeySet, problem: str) -> None:
        """Note that a fetch failed; under the lock."""
        log.warning("key_set_not_fetched", url=url, problem=problem)
        key_set.problem, key_set.failed_at = problem, monotonic()


_TOO_SLOW = f"the server takes more than {_WAIT_SECONDS:.0f} seconds"


def check_address(url: str) -> None:
    """Raise `ValueError` unless sets of keys are fetched from there; says why."""
    if not is_confidential(web_address(url)):
        raise ValueError("keys come by https://; http:// is for this very machine")


def _download(url: str) -> bytes:
    """What stands at an address.

    Raises:
        ValueError: it is too long, takes too long, or is not what was asked for.
    """
    check_address(url)
    end = monotonic() + _WAIT_SECONDS
    headers = {"Accept": "application/json, application/jwk-set+json", "Accept-Encoding": "identity"}
    # Who may say which keys are good is the one that the administrator named, and nobody it sends us to.
    with requests.get(url, headers=headers, timeout=_WAIT_SECONDS, allow_redirects=False, stream=True) as response:
        if response.status_code != 200:
            raise ValueError(f"the server answers {response.status_code}")
        body = bytearray()
        # `iter_content` would wait until a whole piece is there.
        while piece := response.raw.read1(_PIECE, decode_content=True):
            body += piece
            if len(body) > _LARGEST:
                raise ValueError(f"it has more than {_LARGEST:,} bytes")
            if monotonic() > end:
                raise ValueError(_TOO_SLOW)
    return bytes(body)


def _signing_keys(body: bytes) -> "dict[str, jwt.PyJWK]":
    """The keys of a set that others sign with, by their names; of two of one name the first.

    Raises:
        ValueError: it is no set of keys.
    """
    document = json.loads(body)
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        raise ValueError("it is no set of keys: {'keys': […]}")
    keys: dict[str, jwt.PyJWK] = {}
    for member in members:
        kid = member.get("kid") if isinstance(member, dict) else None
        if isinstance(kid, str) and kid not in keys and (key := _key(member)) is not None:
            keys[kid] = key
    return keys


def _key(member: Mapping[str, Any]) -> "jwt.PyJWK | None":
    """A member of a set as a key; `None` for one that proves nothing, or is none that can be read."""
    import jwt

    # A key whose private part everybody can fetch signs for nobody.
    if member.get("kty") not in _ASYMMETRIC or member.get("use") not in (None, "sig") or "d" in member:
        return None
    try:
        key = jwt.PyJWK(dict(member))
    except (jwt.PyJWTError, TypeError, ValueError, KeyError, AttributeError, NotImplementedError):
        return None
    if member["kty"] == "RSA" and key.key.key_size < _SHORTEST_RSA:
        return None
    return key


def _reason(error: Exception) -> str:
    """Why a fetch failed, in a few words."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return _TOO_SLOW
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.HTTPError):
        return "the server cannot be reached"
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        return "it is no JSON"
    return str(error)
