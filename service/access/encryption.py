"""What the database keeps encrypted: tokens and secrets that must be read again (Fernet,
https://cryptography.io/en/latest/fernet/), with keys made from the secret keys."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Encryption:
    """Encrypts texts for one purpose; what is of another purpose cannot be decrypted."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        """`keys`: the first encrypts, all decrypt, so that a key can be replaced. `purpose`: 16 bytes at most."""
        self._keys = [_derive(key, purpose) for key in keys]

    @cached_property
    def _fernet(self) -> "MultiFernet":
        # The library takes seven megabytes, which most services never need.
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._keys])

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str | None:
        """The text; `None` where its key is gone, or it is damaged."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            return None


def _derive(key: str, purpose: str) -> bytes:
    """A key for Fernet, 32 bytes in Base64, that tells nothing of the one it is made from."""
    return base64.urlsafe_b64encode(hashlib.blake2b(key.encode(), digest_size=32, person=purpose.encode()).digest())
