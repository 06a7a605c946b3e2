"""The course to build: a copy of a folder of documents, or one made from the shipped course."""

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from reperage.corpus import MATERIAL

_COPIES = 20
_WORD = re.compile(r"[^\W\d_]{5,}")


@contextmanager
def copied(corpus: Path | None) -> Iterator[Path]:
    """A folder to read and to change.

    Without `corpus`, the shipped course some times over, every longer word exchanged for another of its words, so
    that no text comes twice and each is as long as a real one.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "course"
        if corpus is not None:
            shutil.copytree(corpus, folder)
        else:
            folder.mkdir()
            for path in MATERIAL.rglob("*.md"):
                _vary(path, folder)
        yield folder


def _vary(path: Path, folder: Path) -> None:
    text = path.read_text(encoding="utf-8")
    words = sorted(set(_WORD.findall(text)))
    chance = random.Random(0)
    for i in range(_COPIES):
        varied = _WORD.sub(lambda match: chance.choice(words), text)
        (folder / f"{path.stem}-{i}.md").write_text(varied, encoding="utf-8")
