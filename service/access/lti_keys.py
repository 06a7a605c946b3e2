"""The keys that Repère signs deep links with, and which platforms know it by."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pylti1p3.registration import Registration

from reperage.service.access.encryption import Encryption
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.lti import Platform, remove_signing_keys, signing_keys, store_signing_key

log = structlog.get_logger(__name__)

_BITS = 2048
_DAY_MS = 86_400_000
SIGNS_AFTER_MS = _DAY_MS
"""How old a key is before it signs: platforms keep a set for hours, and would refuse what a key of later signs."""
PUBLISHED_MS = 7 * _DAY_MS
"""How long a key that signs no more is published."""


class SigningKeys:
    """Keys in the database, encrypted. Reading and writing blocks; every method raises `StateUnavailable`."""

    def __init__(self, database: Database, secret_keys: Sequence[str]) -> None:
        """`secret_keys`: as for `Encryption`."""
        self._database = database
        self._encryption = Encryption(secret_keys, "repere.lti")

    def key_set(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return {"keys": [public_key(key_id, private_key) for key_id, private_key, _ in self._all()]}

    def sign_for(self, platform: Platform) -> Registration:
        """The platform as the library knows it, with the newest key that is old enough to sign, else the oldest."""
        found, latest = self._all(), now() - SIGNS_AFTER_MS
        key_id, private_key, _ = next((key for key in found if key[2] <= latest), found[-1])
        return (
            _Signing(key_id)
            .set_tool_private_key(private_key)
            .set_issuer(platform.issuer)
            .set_client_id(platform.client_id)
        )

    def rotate(self) -> str:
        """Make a new key, which is published at once and signs a day later; those that have not signed for a week are
        removed. Its name."""
        kept = signing_keys(self._database)
        replaced = [key_id for (key_id, _, _), (_, _, at) in zip(kept[1:], kept, strict=False) if _is_done(at)]
        remove_signing_keys(self._database, replaced)
        return self._make()

    def _all(self) -> list[tuple[str, str, int]]:
        """Every key that can be read, with its name and when it was made, the newest first; one is made where there is
        none."""
        found = self._readable()
        if not found:
            self._make()
            found = self._readable()
        return found

    def _readable(self) -> list[tuple[str, str, int]]:
        read = []
        for key_id, encrypted, made_at in signing_keys(self._database):
            if (private_key := self._encryption.decrypt(encrypted)) is None:
                log.error("lti_key_unreadable", key=key_id)
            else:
                read.append((key_id, private_key, made_at))
        return read

    def _make(self) -> str:
        key_id = secrets.token_hex(8)
        written = (
            rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
            .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            .decode()
        )
        store_signing_key(self._database, key_id, self._encryption.encrypt(written), now())
        return key_id


class _Signing(Registration):
    """The library names a key by its thumbprint; ours have names."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def get_kid(self) -> str:
        return self._key_id


def public_key(key_id: str, private_key: str) -> dict[str, Any]:
    """The public part of a key as it stands in a set."""
    loaded = serialization.load_pem_private_key(private_key.encode(), None)
    pem = loaded.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {**json.loads(json.dumps(Registration.get_jwk(pem.decode()))), "kid": key_id}


def _is_done(next_made_at: int) -> bool:
    """Whether a key need not be published any more: it signs until the next one does."""
    return next_made_at < now() - SIGNS_AFTER_MS - PUBLISHED_MS
