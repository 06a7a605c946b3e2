"""Texts into unit vectors, by one SentenceTransformer."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from copy import copy
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from tokenizers import Tokenizer

from reperage.index.errors import UnusableModel
from reperage.index.models import SHIPPED_MODEL, model_folder
from reperage.index.onnx_module import OnnxTransformer

Vectors = NDArray[np.float32]

# onnxruntime's arena keeps the size of the largest batch it has seen: 16 × 256 tokens cost about 100 MB.
_TOKENS_PER_BATCH = 4096
_TEXTS_PER_BATCH = 64
_SPECIAL_TOKENS = 2
_TOKENS_PER_SMALL_BATCH = 1024


class Encoder:
    """One embedding model.

    `dimensions` is the length of its vectors; `max_tokens` what it reads of a text, prompt and special tokens
    left out; `calls_at_once` how many calls are worth making side by side.
    """

    def __init__(self, model: SentenceTransformer, threads: int) -> None:
        self.model = model
        self._tokens_per_batch = _TOKENS_PER_BATCH
        self._go_on: Callable[[], None] = lambda: None
        self.calls_at_once = max(1, (os.cpu_count() or 1) // threads)
        # A transformers tokenizer cannot be used by two threads at once ("Already borrowed"); ours can.
        self._lock = nullcontext() if isinstance(model.tokenizer, Tokenizer) else Lock()
        self.dimensions = int(model.get_embedding_dimension() or 0)
        longest_prompt = max(self._lengths(list(model.prompts.values())), default=0)
        self.max_tokens = int(min(model.max_seq_length or 512, 8192)) - _SPECIAL_TOKENS - longest_prompt

    @classmethod
    def load(
        cls,
        name: str = SHIPPED_MODEL,
        *,
        threads: int = 0,
        query_prompt: str | None = None,
        document_prompt: str | None = None,
    ) -> "Encoder":
        """Load the shipped model, a local folder, or any model of the Hugging Face hub by name.

        `threads`: processor threads for one call; 0 is one for the shipped model, whose calls run side by
        side, and all cores for any other. The prompts replace the model's own where they are given.

        Raises:
            UnusableModel: there is no such model, or it cannot be loaded.
        """
        prompts = {"query": query_prompt, "document": document_prompt}
        own_prompts = {key: prompt for key, prompt in prompts.items() if prompt is not None}
        try:
            folder = model_folder(name)
            if folder and (folder / "model.onnx").is_file() and not (folder / "modules.json").exists():
                threads = threads or 1
                torch.set_num_threads(1)
                first = OnnxTransformer(folder, threads=threads)
                modules = [first, Pooling(first.get_embedding_dimension(), pooling_mode="mean"), Normalize()]
                e5_prompts = {"query": "query: ", "document": "passage: "}
                model = SentenceTransformer(modules=modules, device="cpu", prompts=e5_prompts | own_prompts)
                return cls(model, threads)
            threads = threads or os.cpu_count() or 1
            torch.set_num_threads(threads)
            model = SentenceTransformer(str(folder or name), device="cpu", trust_remote_code=False)
            model.prompts.update(own_prompts)
            return cls(model, threads)
        except Exception as error:
            raise UnusableModel(
                f"the embedding model {name!r} cannot be loaded ({error}); REPERE_EMBEDDING_MODEL takes "
                f"{SHIPPED_MODEL!r}, a folder, or a name on the Hugging Face hub"
            ) from error

    def beside_questions(self, go_on: Callable[[], None]) -> "Encoder":
        """The same model for long work while questions are asked: one small batch at a time.

        `go_on` is called again and again, and raises where the work is to end.
        """
        patient = copy(self)
        patient.calls_at_once, patient._tokens_per_batch, patient._go_on = 1, _TOKENS_PER_SMALL_BATCH, go_on
        return patient

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, float32 [len(texts), dimensions]."""
        with self._lock:
            return self._unit(self.model.encode_query(list(texts), show_progress_bar=False))

    def encode_document(self, texts: Sequence[str], progress: Callable[[int], None] = lambda encoded: None) -> Vectors:
        """Unit vectors of texts, float32 [len(texts), dimensions], in their order.

        Batches hold texts of like length and a bounded number of tokens. `progress` is called with the
        number of texts of each batch once it is encoded.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)

        def encode(batch: list[int]) -> tuple[list[int], Vectors]:
            self._go_on()
            batch_texts = [texts[i] for i in batch]
            with self._lock:
                encoded = self.model.encode_document(batch_texts, batch_size=len(batch_texts), show_progress_bar=False)
            return batch, self._unit(encoded)

        with ThreadPoolExecutor(self.calls_at_once) as pool:
            for batch, encoded in pool.map(encode, self._batches(self._lengths(texts), self._tokens_per_batch)):
                vectors[batch] = encoded
                progress(len(batch))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """How many tokens each text has, special tokens and prompts left out."""
        self._go_on()
        return self._lengths(texts)

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        tokenizer = self.model.tokenizer
        if not texts:
            return []
        if isinstance(tokenizer, Tokenizer):
            encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
            return [len(encoding.ids) for encoding in encodings]
        encoded = tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    @staticmethod
    def _batches(lengths: Sequence[int], tokens: int = _TOKENS_PER_BATCH) -> Iterator[list[int]]:
        """Indices of texts, longest first, in batches of at most `tokens` padded tokens."""
        batch: list[int] = []
        for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
            longest = lengths[batch[0]] if batch else 0
            if batch and ((len(batch) + 1) * longest > tokens or len(batch) == _TEXTS_PER_BATCH):
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    @staticmethod
    def _unit(vectors: NDArray[np.float32]) -> Vectors:
        """Inner products are cosines only between unit vectors; a model by name may not end in `Normalize`."""
        vectors = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(norms, 1e-12)
        return unit
