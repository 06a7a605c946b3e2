"""Optional dependencies."""

from collections.abc import Iterator
from contextlib import contextmanager

from reperage.service.errors import StartError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the import of what the optional dependencies of that name bring.

    Raises:
        StartError: they are not installed.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "reperage":
            raise
        raise StartError(f"this needs a library that is not installed: pip install 'repere[{name}]'") from error
