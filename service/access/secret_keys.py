"""The secret keys: what signs tokens, and what the keys that encrypt are made from."""

import os
import secrets
from pathlib import Path

import structlog
from filelock import FileLock
from pydantic import SecretStr

from reperage.service.errors import StartError

log = structlog.get_logger(__name__)

_KEY_FILE = "secret_key"
_SHORTEST_KEY = 16


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
        return [_key_in_file(path)]
    except OSError as error:
        log.warning("secret_key_not_kept", path=str(path), problem=error.strerror)
        return [secrets.token_urlsafe(32)]


def _key_in_file(path: Path) -> str:
    """The key in the file, made where there is none, for the owner's eyes only."""
    with FileLock(f"{path}.lock"):
        if not path.exists():
            new = path.with_name(f"{path.name}.new")
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
            new.replace(path)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < _SHORTEST_KEY:
        raise StartError(f"{str(path)!r} holds no key; remove it, and a new one is made")
    return key
