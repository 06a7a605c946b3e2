"""The first module of the shipped model: tokens in, token embeddings out, by onnxruntime."""

import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

# Since 1.29 onnxruntime's own builds report to their maker from the first import on, unless this is set:
# https://github.com/microsoft/onnxruntime/pull/27379
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
import torch
from sentence_transformers.sentence_transformer.modules import InputModule
from tokenizers import Tokenizer


class OnnxTransformer(InputModule):
    """A BERT-like encoder in ONNX form.

    `folder` holds `model.onnx` (inputs `input_ids` and `attention_mask`, int64 [batch, tokens]; output
    `last_hidden_state`, float32 [batch, tokens, dimensions]) and `tokenizer.json`.
    """

    def __init__(self, folder: Path, max_seq_length: int = 512, threads: int = 0) -> None:
        """`threads`: for one run of the model; 0 leaves the number to onnxruntime."""
        super().__init__()
        self.folder = folder
        self.max_seq_length = max_seq_length
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # Texts are cut in `preprocess`, so that the same tokenizer can also count.
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self._pad = self.tokenizer.token_to_id("<pad>") or 0
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if _int8_saturates():
            options.add_session_config_entry("session.x64quantprecision", "1")
        self._session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, torch.Tensor]:
        """Token ids and attention mask, int64 [batch, tokens], cut to `max_seq_length`."""
        encodings = self.tokenizer.encode_batch_fast([(prompt or "") + text for text in inputs])
        rows = [self._cut(encoding.ids) for encoding in encodings]
        longest = max(len(row) for row in rows)
        input_ids = np.full((len(rows), longest), self._pad, dtype=np.int64)
        attention_mask = np.zeros_like(input_ids)
        for i, row in enumerate(rows):
            input_ids[i, : len(row)] = row
            attention_mask[i, : len(row)] = 1
        return {
            "input_ids": torch.from_numpy(input_ids),
            "attention_mask": torch.from_numpy(attention_mask),
        }

    def forward(self, features: dict[str, torch.Tensor], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Add `token_embeddings`, float32 [batch, tokens, dimensions]."""
        feeds = {name: features[name].numpy() for name in ("input_ids", "attention_mask")}
        (hidden,) = self._session.run(["last_hidden_state"], feeds)
        return {**features, "token_embeddings": torch.from_numpy(hidden)}

    def get_embedding_dimension(self) -> int:
        return int(self._session.get_outputs()[0].shape[-1])

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        for name in ("model.onnx", "tokenizer.json"):
            shutil.copyfile(self.folder / name, Path(output_path) / name)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **kwargs: Any) -> Self:
        return cls(Path(model_name_or_path, subfolder))

    def _cut(self, ids: list[int]) -> list[int]:
        """`ids` without what is past the limit, the closing token kept."""
        return ids if len(ids) <= self.max_seq_length else [*ids[: self.max_seq_length - 1], ids[-1]]


def _int8_saturates() -> bool:
    """Whether this processor adds int8 products in 16 bits: x86 without VNNI.

    Measured there: cosine 0.995 to the same model elsewhere, 0.9998 with the slower exact kernels.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        return "vnni" not in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
