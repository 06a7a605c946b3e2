"""The material that Repère keeps itself: `REPERE_HOME/material/<course>/…md`, a folder for each managed course."""

import os
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from reperage.corpus import Source, has_section, slug, split
from reperage.corpus.errors import UndecodableFile
from reperage.corpus.readers.markdown import decode, markdown_document
from reperage.corpus.shipped import shipped_material
from reperage.index.builds import current_build
from reperage.index.errors import UnusableIndex
from reperage.index.manifest import Manifest
from reperage.service.errors import InvalidDocument, InvalidName, NotManaged, UnsupportedFormat
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.index.encoder import Encoder  # PyTorch takes seconds to import.

log = structlog.get_logger(__name__)

LARGEST_DOCUMENT = 5_000_000
"""In bytes."""
STAGED = ".staged"
"""The folder within the material that holds what is being written."""
LONGEST_NAME = 100
"""In characters, of a course or a document."""
_TRIED = 100_000
"""Characters of a document that are cut before it is taken: five million take half a minute."""
_MEDIA_TYPES = ("text/markdown", "text/plain", "application/octet-stream")
_OTHER_FORMATS = {b"%PDF-": "PDF", b"PK\x03\x04": "ZIP, as Word and OpenDocument write,", rb"{\rtf": "RTF"}


def material_folder(settings: Settings) -> Path:
    """The folder of all managed courses."""
    return settings.home / "material"


def material_id(settings: Settings) -> str:
    """The name of the folder of material, made with it: several processes may work on one, or on one each.

    Raises:
        OSError: it cannot be made.
    """
    path = _id_file(settings)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        new.write_text(uuid.uuid4().hex, encoding="ascii")
        with suppress(FileExistsError):
            os.link(new, path)  # Of two processes the first has named it.
        new.unlink()
    return path.read_text(encoding="ascii").strip()


def has_material(settings: Settings) -> bool:
    """Whether the folder of material was made."""
    return _id_file(settings).is_file()


def _id_file(settings: Settings) -> Path:
    return material_folder(settings) / STAGED / ".id"  # No course has such a name.


def is_managed(settings: Settings, course: str) -> bool:
    """Whether the material of a course is kept here, or would be, where there is no such course yet."""
    if course in shipped_material():
        return False
    own = material_folder(settings) / course
    build = current_build(settings.index_roots[0], course)
    if build is None:
        return True
    try:
        before = Path(Manifest.read(build).material)
    except UnusableIndex:
        return own.is_dir()
    # A home that was moved has its material with it.
    return before.resolve() == own.resolve() or (own.is_dir() and not before.is_dir())


def check_managed(settings: Settings, course: str) -> None:
    """Raise `NotManaged` where the course's material is not kept here."""
    if course in shipped_material():
        raise NotManaged(f"The course {course!r} ships with Repère; its documents change with a new version only.")
    if not is_managed(settings, course):
        raise NotManaged(
            f"The course {course!r} was built from another folder; whoever runs Repère changes its documents there, "
            "and then runs `repere build` with that folder."
        )


def check_name(what: str, name: str) -> None:
    """Raise `InvalidName` unless `name` can be the name of a course or a document."""
    if len(name) > LONGEST_NAME:
        raise InvalidName(f"The {what}'s name has {len(name)} characters; give one with at most {LONGEST_NAME}.")
    if name != slug(name):
        raise InvalidName(
            f"The {what}'s name may hold lower-case letters from a to z, digits and single hyphens between them; "
            f"{slug(name)!r} would do."
        )


def check_format(media_type: str, encoding: str) -> None:
    """Raise `UnsupportedFormat` unless what is sent is said to be Markdown, or not said to be anything.

    `media_type` and `encoding` are what `Content-Type` and `Content-Encoding` say.
    """
    name, _, parameters = media_type.lower().partition(";")
    if name.strip() not in ("", *_MEDIA_TYPES):
        raise UnsupportedFormat("Documents are read in Markdown alone for now: send `Content-Type: text/markdown`.")
    charset = re.search(r'charset\s*=\s*"?([^\s;"]+)', parameters)
    if charset and charset.group(1) not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedFormat("Send the document as UTF-8.")
    if encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedFormat("Send the document as it is, without `Content-Encoding`.")


def check_document(data: bytes, document_id: str, settings: Settings, encoder: "Encoder | None") -> None:
    """Raise `InvalidDocument` unless `data` is Markdown that says something, and that can be built with `encoder`,
    `None` where that is not loaded yet; `UnsupportedFormat` where it is clearly something else."""
    for beginning, name in _OTHER_FORMATS.items():
        if data.startswith(beginning):
            raise UnsupportedFormat(f"This is {name} and not Markdown, which alone is read for now.")
    try:
        text = decode(data, Path(f"{document_id}.md"))
    except UndecodableFile as error:
        raise InvalidDocument(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    if not has_section(text):
        raise InvalidDocument("The document is empty: it holds neither a heading nor a sentence.")
    try:
        _try(text[:_TRIED], document_id, settings, encoder)
    except Exception as error:
        # One document that cannot be built would keep its whole course from being built.
        log.exception("document_not_taken", document=document_id)
        raise InvalidDocument(
            "The document cannot be cut into sections. This is a fault of the program; its log says more."
        ) from error


def _try(text: str, document_id: str, settings: Settings, encoder: "Encoder | None") -> None:
    """What a build does with a document before it encodes it."""
    document = markdown_document(text, document_id, "", Source(f"{document_id}.md", "markdown", ""), "fr")
    if encoder is not None:
        from reperage.index.build import chunking_within

        split(document, encoder.count_tokens, chunking_within(settings.recipe.chunking, encoder))
