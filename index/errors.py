"""What can go wrong while an index is built, opened or searched.

SearchIndexError
├── UnusableModel       the embedding model cannot be loaded
├── BuildInProgress     another process builds the same course
└── UnusableIndex       there is an index, but not one for this program and these settings
    ├── WrongFormat     written by another version of the program
    ├── WrongModel      built with another embedding model
    ├── WrongParameters built with another analysis, chunking or prompt
    └── DamagedIndex    a file is missing or is not what was written
"""


class SearchIndexError(Exception):
    """An index that cannot be used; the message says what to run."""


class UnusableModel(SearchIndexError):
    """The embedding model cannot be loaded."""


class BuildInProgress(SearchIndexError):
    """Another process holds the lock of this course."""


class UnusableIndex(SearchIndexError):
    """There is an index, but not one that this program can use with these settings."""


class WrongFormat(UnusableIndex):
    """Written by another version of the program."""


class WrongModel(UnusableIndex):
    """Built with another embedding model."""


class WrongParameters(UnusableIndex):
    """Built with another analysis, chunking or prompt."""


class DamagedIndex(UnusableIndex):
    """A file is missing or is not what was written."""
