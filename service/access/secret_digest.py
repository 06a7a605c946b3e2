"""What the database keeps of a secret that is only ever compared."""

import hashlib


def secret_digest(secret: str) -> str:
    """The SHA-256 of a secret, as hexadecimal digits."""
    # What is made of 128 random bits and more needs no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()
