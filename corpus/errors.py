"""What can go wrong while material is read.

CorpusError
├── UndecodableFile     a file's bytes are not UTF-8 text
├── UnreadableFile      the operating system refuses the file
├── UnreadableCourse    one or more files of a course cannot be read (holds all of them)
└── EmptyCourse         a folder holds no document
"""

from pathlib import Path


class CorpusError(Exception):
    """Material that cannot be read; the message names it and says what to do."""


class UndecodableFile(CorpusError):
    """Bytes that are not UTF-8 text, with the offset of the first bad one."""

    def __init__(self, path: Path, offset: int, detail: str) -> None:
        super().__init__(
            f"{str(path)!r} is not UTF-8 text: {detail} at byte {offset}; save the file again with the encoding UTF-8"
        )
        self.path = path
        self.offset = offset


class UnreadableFile(CorpusError):
    """A file that the operating system does not let us read."""


class UnreadableCourse(CorpusError):
    """All that is wrong with a course's files, said at once."""

    def __init__(self, course: str, errors: list[CorpusError]) -> None:
        lines = "\n".join(f"  - {error}" for error in errors)
        super().__init__(f"course {course!r} has {len(errors)} file(s) that cannot be read:\n{lines}")
        self.errors = errors


class EmptyCourse(CorpusError):
    """A folder that holds nothing to read."""
