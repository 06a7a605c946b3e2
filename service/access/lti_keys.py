"""The keys that Repère signs deep links with, and which platforms know it by."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pylti1p3.registration import Registration

from reperage.service.access.encryption import Encryption
from reperage.service.clock import now
from reperage.service.database.engine import Database
from reperage.service.database.lti import Platform, SigningKey, remove_signing_keys, signing_keys, store_signing_key

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

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return {"keys": [public_key(key.id, key.private_key) for key in self._all()]}

    def sign_for(self, platform: Platform) -> Registration:
        """The platform as the library knows it, with the newest key that is old enough to sign, else the oldest."""
        keys, latest = self._all(), now() - SIGNS_AFTER_MS
        key = next((key for key in keys if key.made_at <= latest), keys[-1])
        return (
            _Signing(key.id)
            .set_tool_private_key(key.private_key)
            .set_issuer(platform.issuer)
            .set_client_id(platform.client_id)
        )

    def rotate(self) -> str:
        """Make a new key, which is published at once and signs a day later; those that have not signed for a week are
        removed. Its name."""
        keys = signing_keys(self._database)
        ids = [key.id for key, newer in zip(keys[1:], keys, strict=False) if _is_done(newer.made_at)]
        remove_signing_keys(self._database, ids)
        return self._make()

    def _all(self) -> list[SigningKey]:
        """Every key that can be read, decrypted, the newest first; one is made where there is none."""
        keys = self._decrypt()
        if not keys:
            self._make()
            keys = self._decrypt()
        return keys

    def _decrypt(self) -> list[SigningKey]:
        keys = []
        for key in signing_keys(self._database):
            if (private_key := self._encryption.decrypt(key.private_key)) is None:
                log.error("lti_key_unreadable", key=key.id)
            else:
                keys.append(replace(key, private_key=private_key))
        return keys

    def _make(self) -> str:
        key_id = secrets.token_hex(8)
        private_key = (
            rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
            .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            .decode()
        )
        store_signing_key(self._database, SigningKey(key_id, self._encryption.encrypt(private_key), now()))
        return key_id


class _Signing(Registration):
    """The library names a key by its thumbprint; ours have names."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def get_kid(self) -> str:
        return self._key_id


def public_key(key_id: str, private_key: str) -> dict[str, Any]:
    """The public part of a key as it stands in a set."""
    public = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {**json.loads(json.dumps(Registration.get_jwk(pem.decode()))), "kid": key_id}


def _is_done(next_made_at: int) -> bool:
    """Whether a key need not be published any more: it signs until the next one does."""
    return next_made_at < now() - SIGNS_AFTER_MS - PUBLISHED_MS
