"""The embedding models that ship with the project, a folder each."""

import hashlib
from functools import cache
from pathlib import Path

SHIPPED_MODEL = "multilingual-e5-small-int8"


def model_folder(name: str) -> Path | None:
    """The folder of a shipped model or of a local one; `None` where `name` is one of the hub's."""
    shipped = Path(__file__).parent / name
    if name and (shipped / "tokenizer.json").is_file():
        return shipped
    return Path(name) if Path(name).is_dir() else None


@cache
def model_digest(name: str) -> str:
    """What changes when the model does: a digest of its files, or the name of one on the hub."""
    folder = model_folder(name)
    if folder is None:
        return f"name:{name}"
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".md", ".py", ".pyc")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
