"""A cross-encoder that reads question and chunk together: slower, and only where one is named."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

from sentence_transformers import CrossEncoder

from reperage.index.errors import UnusableModel
from reperage.index.index import Hit
from reperage.index.models import model_folder


class Reranker:
    """One `CrossEncoder` of sentence-transformers."""

    def __init__(self, model: CrossEncoder) -> None:
        self.model = model
        self._lock = Lock()  # Its tokenizer cannot be used by two threads at once.

    @classmethod
    def load(cls, name: str, setting: str = "REPERE_RERANKER") -> "Reranker":
        """Load a local folder, or a model of the Hugging Face hub by name; `setting` is what named it.

        Raises:
            UnusableModel: there is no such model, or it cannot be loaded.
        """
        try:
            return cls(CrossEncoder(str(model_folder(name) or name), device="cpu", trust_remote_code=False))
        except Exception as error:
            raise UnusableModel(
                f"the cross-encoder {name!r} cannot be loaded ({error}); {setting} takes a folder with a "
                "sentence-transformers CrossEncoder, or a name on the Hugging Face hub"
            ) from error

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """`hits` in the order in which the model finds that they answer; their scores stay in descending order."""
        if not hits:
            return []
        with self._lock:
            pairs = [(question, hit.chunk.embedded_text) for hit in hits]
            scores: Any = self.model.predict(pairs, show_progress_bar=False)
        order = sorted(range(len(hits)), key=lambda i: -float(scores[i]))
        return [replace(hits[i], score=hits[rank].score, rank=rank + 1) for rank, i in enumerate(order)]

    def support(self, premise: str, sentence: str) -> float:
        """How well `premise` bears `sentence` out, 0 to 1: what the model gives the pair, or its entailment."""
        with self._lock:
            outputs: Any = self.model.predict([(premise, sentence)], apply_softmax=True, show_progress_bar=False)[0]
        if not getattr(outputs, "shape", ()):
            return float(outputs)
        labels = {label.lower(): i for i, label in self.model.config.id2label.items()}
        return float(outputs[labels.get("entailment", len(outputs) - 1)])
