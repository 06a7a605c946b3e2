"""Boosted trees, as a file holds them: features of several things → a score of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees whose values add up, to the logarithm of the odds; all nodes stand in one list.

    A node with a `feature` sends what is at most its `threshold` to its `left`, the rest to its `right`; one without,
    -1, is a leaf with a `value`. `names` are the features.
    """

    names: tuple[str, ...]
    base: float
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    depth: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gives; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            names=tuple(values["names"]),
            base=float(values["base"]),
            roots=np.array(values["roots"], dtype=np.int32),
            feature=np.array(values["feature"], dtype=np.int32),
            threshold=np.array(values["threshold"], dtype=np.float64),
            left=np.array(values["left"], dtype=np.int32),
            right=np.array(values["right"], dtype=np.int32),
            value=np.array(values["value"], dtype=np.float64),
            depth=int(values["depth"]),
        )

    def as_dict(self) -> dict[str, Any]:
        arrays = ("roots", "feature", "threshold", "left", "right", "value")
        return {"names": list(self.names), "base": self.base, "depth": self.depth} | {
            name: getattr(self, name).tolist() for name in arrays
        }

    def scores(self, rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """The score of each row of features, float64 [len(rows)]."""
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(self.names))
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        lines = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            feature = self.feature[at]
            goes_left = values[lines, feature] <= self.threshold[at]
            at = np.where(feature < 0, at, np.where(goes_left, self.left[at], self.right[at]))
        scores: NDArray[np.float64] = self.base + self.value[at].sum(axis=1)
        return scores
