"""Errors of an evaluation.

EvaluationError
└── InvalidSet          a file of the set is missing or is not what was expected; names it and the line or the entry
"""


class EvaluationError(Exception):
    """An evaluation that cannot be run; the message says what to mend."""


class InvalidSet(EvaluationError):
    """A set that cannot be read as it is written."""
