"""The reader as a PyTorch module, begun from the shipped int8 encoder.

Question and passage go in as `<s> question </s></s> heading sentences </s>`; out come a logit for "answered here" and,
for each token, logits for the answer's start, for its end, and for standing in a sentence that answers.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from transformers import BertConfig, BertModel

START, END, INSIDE = range(3)
BEGIN, PAD, CLOSE = 0, 1, 2
"""The ids of the tokens `<s>`, `<pad>` and `</s>`."""
WIDTH = 384
WORDS = "embeddings.word_embeddings.weight"


def encoder_weights(model: Path) -> dict[str, Tensor]:
    """The weights of the encoder's ONNX file by their names in `BertModel`, dequantised to float32."""
    graph = onnx.load(str(model)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def dequantised(base: str) -> np.ndarray:
        zero = arrays.get(f"{base}_zero_point", np.zeros((), dtype=np.uint8))
        centred = arrays[f"{base}_quantized"].astype(np.float32) - zero.astype(np.float32)
        return np.asarray(centred * arrays[f"{base}_scale"], dtype=np.float32)

    weights: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        base, _, suffix = name.rpartition("_")
        if name.startswith("m.embeddings.") and suffix == "quantized":
            weights[base.removeprefix("m.")] = dequantised(base)
        elif name.startswith("m.") and suffix not in ("quantized", "scale", "point"):
            weights[name.removeprefix("m.")] = np.array(array)
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            place = node.name.removeprefix("/m/").removesuffix("/MatMul_quant").replace("/", ".")
            weights[f"{place}.weight"] = dequantised(node.input[1].removesuffix("_quantized")).T.copy()
    return {name: torch.tensor(array) for name, array in weights.items()}


class Reader(nn.Module):  # type: ignore[misc]  # PyTorch has no types here.
    """The first `layers` layers of the encoder with two heads; its embeddings stay as they are, so that they can be
    shared."""

    def __init__(self, encoder: Path, layers: int = 8) -> None:
        super().__init__()
        weights = encoder_weights(encoder)
        config = BertConfig(
            vocab_size=weights[WORDS].shape[0],
            hidden_size=WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=12,
            intermediate_size=4 * WIDTH,
            max_position_embeddings=512,
            type_vocab_size=2,
            layer_norm_eps=1e-12,
            pad_token_id=PAD,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        missing = self.bert.load_state_dict(weights, strict=False).missing_keys
        if missing:
            raise ValueError(f"{str(encoder)!r} lacks {missing[0]!r} and {len(missing) - 1} more")
        self.tokens = nn.Linear(WIDTH, 3)
        self.answered = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1))
        self.bert.embeddings.requires_grad_(requires_grad=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """`input_ids`, `attention_mask`: int64 [batch, length] → answered [batch], tokens [batch, length, 3]."""
        hidden = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        return self.answered(hidden[:, 0])[:, 0], self.tokens(hidden)

    def own_weights(self) -> dict[str, Tensor]:
        """What a checkpoint holds: everything but the encoder's tables of embeddings, half precision."""
        return {
            name: value.cpu().half()
            for name, value in self.state_dict().items()
            if "embeddings." not in name or "LayerNorm" in name
        }
