"""A platform's keys, and tokens signed as they should be and as they should not."""

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]


class SigningKey:
    """An RSA key under a name. Making one takes a moment: `SigningKey.of` makes each name's once."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @staticmethod
    @cache
    def of(kid: str) -> "SigningKey":
        return SigningKey(kid)

    def jwk(self) -> Json:
        """The public half, as a key set holds it."""
        numbers = self._private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": encoded(numbers.n.to_bytes(256, "big")),
            "e": encoded(numbers.e.to_bytes(3, "big")),
        }

    def pem(self) -> bytes:
        """The public half, as text."""
        return self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, claims: Json, *, algorithm: str = "RS256", header: Json | None = None) -> str:
        """A signed token.

        `algorithm` may be `none`, with no signature, and `HS256`, whose secret is the public half: what a forger who
        has read the key set would try. `header` adds to the header, or with `None` takes away.
        """
        head = {"alg": algorithm, "typ": "JWT", "kid": self.kid} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}"
        if algorithm == "RS256":
            signature = self._private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        elif algorithm == "HS256":
            signature = hmac.new(self.pem(), signed.encode(), hashlib.sha256).digest()
        else:
            assert algorithm == "none"
            signature = b""
        return f"{signed}.{encoded(signature)}"


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
