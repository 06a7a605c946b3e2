"""Part of a set: which of its questions are asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Half = Literal["even", "odd"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that are asked: of `half` those at even or odd places from 0, of these the `first`.

    Tune on one half, report the other.
    """

    half: Half | None = None
    first: int | None = None

    def of(self, items: Sequence[T], counts: Callable[[T], bool] = lambda item: True) -> list[T]:
        """Items of this part; places are those in `items`, whether or not an item counts."""
        start, step = {None: (0, 1), "even": (0, 2), "odd": (1, 2)}[self.half]
        return [item for item in items[start::step] if counts(item)][: self.first]
