"""Manifest of an index: what it was built from and by, and whether this program can use it."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from reperage.corpus import Chunking
from reperage.index import lexical
from reperage.index.errors import DamagedIndex, WrongFormat, WrongModel, WrongParameters
from reperage.index.text import analysis

FORMAT = 4
"""Goes up when the files of an index or their meaning change."""

READING = 2
"""Goes up when the same files give other sections, sentences or chunks."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that an index depends on beside its material; two equal recipes on equal material give one index.

    `document_prompt` is what the encoder puts before a text, `None` where it is the model's own.
    """

    model: str
    model_digest: str
    chunking: Chunking
    document_prompt: str | None = None

    def parameters(self) -> dict[str, Any]:
        return {
            "reading": READING,
            "analysis": analysis.VERSION,
            "chunking": asdict(self.chunking),
            "bm25": {"k1": lexical.K1, "b": lexical.B},
            "document_prompt": self.document_prompt,
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """`manifest.json`; `sources` are digests of files by path, `documents` versions of texts by id.

    `material` is the folder that the course was read from; `checksums` are sha256 by path in the index.
    """

    course: str
    title: str
    language: str
    material: str
    model: str
    model_digest: str
    dimensions: int
    parameters: Mapping[str, Any]
    sources: Mapping[str, str]
    documents: Mapping[str, str]
    passed_over: tuple[str, ...]
    counts: Mapping[str, int]
    built_at: str
    checksums: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def fits(self, recipe: Recipe, sources: Mapping[str, str], language: str | None = None) -> bool:
        """Whether building from `sources` by `recipe` would give this index again; in any language where `None`."""
        return (
            self.format == FORMAT
            and self.model_digest == recipe.model_digest
            and self.parameters == recipe.parameters()
            and dict(self.sources) == dict(sources)
            and language in (None, self.language)
        )

    def has_vectors_of(self, recipe: Recipe) -> bool:
        """Whether `recipe` would give the same text the same vector."""
        return (
            self.model_digest == recipe.model_digest
            and self.parameters.get("document_prompt") == recipe.document_prompt
        )

    def check(self, recipe: Recipe) -> None:
        """Raise an error that names the first thing `recipe` does differently and what to run."""
        again = f"run `repere build {shlex.quote(self.material)} --course {self.course}`"
        if self.model_digest != recipe.model_digest:
            raise WrongModel(
                f"the index of {self.course!r} was built with the model {self.model!r} ({self.model_digest[:16]}…), "
                f"the settings name {recipe.model!r} ({recipe.model_digest[:16]}…); {again}"
            )
        if self.parameters != recipe.parameters():
            raise WrongParameters(
                f"the index of {self.course!r} was built with {dict(self.parameters)!r}, "
                f"this program uses {recipe.parameters()!r}; {again}"
            )

    def verify_files(self, folder: Path) -> None:
        """Raise `DamagedIndex` unless every file is there and is what was written."""
        for name, digest in self.checksums.items():
            path = folder / name
            if not path.is_file():
                raise DamagedIndex(f"{str(path)!r} is missing; run `repere build` for the course {self.course!r}")
            if file_digest(path) != digest:
                raise DamagedIndex(
                    f"{str(path)!r} is not what was written; run `repere build` for the course {self.course!r}"
                )

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest of an index folder.

        Raises:
            DamagedIndex: there is none, or it cannot be read.
            WrongFormat: another version of the program wrote it.
        """
        path = folder / "manifest.json"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            format_number = values["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(f"{str(path)!r} cannot be read ({error}); run `repere build`") from error
        if format_number != FORMAT:
            raise WrongFormat(
                f"{str(folder)!r} has format {format_number!r}, this program reads {FORMAT}; run `repere build`"
            )
        try:
            values["passed_over"] = tuple(values["passed_over"])
            return cls(**{f.name: values[f.name] for f in fields(cls)})
        except (KeyError, TypeError) as error:
            raise DamagedIndex(f"{str(path)!r} lacks {error}; run `repere build`") from error


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
