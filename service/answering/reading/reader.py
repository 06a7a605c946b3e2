"""The reader: a question and windows of the course → whether each window answers it, and by which sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reperage.index.pair_model import PairModel
from reperage.service.answering.reading.decision import Decision
from reperage.service.answering.reading.features import UNREAD, Reading
from reperage.service.answering.reading.windows import Span, Window, likeliest_windows
from reperage.service.answering.sentence_selection import Candidate

WITHOUT_READER = (
    "The reader is not in use, so that search alone chooses the sentences of an answer: REPERE_READER is off, its file "
    "is missing, or another embedding model than the shipped one is named."
)
HITS_READ = 8
"""How many chunks the windows are taken from."""
_FIRST = 6
"""Windows that are read first."""
_ANSWERS = 1.0
"""The logit of a window that answers so well that no more are read."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The model, and what is decided by what it finds; `most` windows are read at most."""

    model: PairModel
    decision: Decision
    most: int

    def read(self, question: str, candidates: Sequence[Candidate]) -> list[Reading]:
        """What the windows of the likeliest candidates say to `question`, the likeliest first; none without any.

        The first few are read, and the others where none of those answers.
        """
        windows = likeliest_windows(candidates, self.model.tokenizer, self.most)
        readings = self._read(question, windows[:_FIRST])
        if any(reading.answered > _ANSWERS for reading in readings):
            return readings
        return readings + self._read(question, windows[_FIRST:])

    def _read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        if not windows:
            return []
        outputs = self.model.run(question, [window.passage.ids for window in windows])
        return [
            Reading(window, output.answered, tuple(_mean(output.inside, span) for span in window.passage.spans))
            for window, output in zip(windows, outputs, strict=True)
        ]


def _mean(logits: NDArray[np.float32], span: Span) -> float:
    own = logits[span.start : span.end]
    return float(own.mean()) if len(own) else UNREAD
