"""Files of a set."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from reperage.index.manifest import file_digest
from reperage.service.evaluation.errors import InvalidSet


def text_of(path: Path) -> str:
    """Text of a file, without a byte order mark.

    Raises:
        InvalidSet: there is no such file, or it is not UTF-8 text; names the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidSet(f"{str(path)!r} cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise InvalidSet(
            f"{str(path)!r}, line {number}: 0x{data[error.start]:02x} is not UTF-8; save the file again as UTF-8"
        ) from error


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, each with its number from 1. Line feeds alone part them, as in JSON lines."""
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Sha256 of files of `folder`, by name."""
    return {name: file_digest(folder / name) for name in names}
