"""What turns features into a probability: a logistic regression in a small file, one for each embedding model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, isfinite
from pathlib import Path
from typing import Any

from reperage.service.errors import InvalidCalibration

SHIPPED = Path(__file__).parent / "calibrations"
WITHOUT_ENCODER = "without-encoder"
WITHOUT_CALIBRATION = (
    "The embedding model has no calibration: whether the material answers is told from the words alone. "
    "`repere evaluate FOLDER --fit` makes one."
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression: `probability = 1 / (1 + exp(-(intercept + Σ weight × feature)))`.

    `model` is the embedding model that it was fitted with and `model_digest` its digest, both `None` where no
    feature depends on one; `checked` holds the figures on the questions that it was not fitted on.
    """

    model: str | None
    model_digest: str | None
    weights: Mapping[str, float]
    intercept: float
    threshold: float
    checked: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        logit = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-max(-60.0, min(60.0, logit))))

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, names: Sequence[str]) -> "Calibration":
        """Raises `InvalidCalibration` for a file that is damaged or weighs what this program does not know."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            calibration = cls(**values)
            numbers: list[Any] = [*calibration.weights.values(), calibration.intercept, calibration.threshold]
            if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
                raise ValueError("a weight, the intercept or the threshold is no number")
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InvalidCalibration(
                f"{str(path)!r} cannot be read ({error}); remove it or run `repere evaluate FOLDER --fit` again"
            ) from error
        if unknown := set(calibration.weights) - set(names):
            raise InvalidCalibration(
                f"{str(path)!r} weighs {sorted(unknown)!r}, this program has {list(names)!r}; "
                "run `repere evaluate FOLDER --fit` again"
            )
        return calibration


def calibration_path(home: Path, model_digest: str) -> Path:
    """Where `repere evaluate --fit` writes the calibration of a model."""
    return home / "calibrations" / f"{model_digest.removeprefix('sha256:')[:16]}.json"


def load_calibration(home: Path, model_digest: str, names: Sequence[str]) -> Calibration:
    """The calibration of a model: one of your own under `home`, else the shipped one, else one for any model.

    Raises:
        InvalidCalibration: the file under `home` is damaged.
    """
    own = calibration_path(home, model_digest)
    if own.is_file():
        return Calibration.read(own, names)
    for path in sorted(SHIPPED.glob("*.json")):
        calibration = Calibration.read(path, names)
        if calibration.model_digest == model_digest:
            return calibration
    return Calibration.read(SHIPPED / f"{WITHOUT_ENCODER}.json", names)
