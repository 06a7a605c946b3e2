"""A checkpoint as the ONNX file that is shipped: int8, its table of words the encoder's own.

The table (46 of 61 MB) is not written: it is an input of the graph, and the metadata of the file say where its bytes
stand in the encoder's file, from where the program maps them.
"""

import hashlib
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from tools.reader.network import Reader

TABLE = "words"
"""The input of the graph that takes the table of words, uint8 [pieces, width]."""


def export(reader: Reader, encoder: Path, path: Path) -> None:
    """Write `reader`, made from the file `encoder`, to `path`.

    Inputs `input_ids`, `attention_mask` int64 [batch, length] and `words`; outputs `answered` float32 [batch] and
    `tokens` float32 [batch, length, 3].
    """
    reader = reader.float().eval()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        exact, rounded = Path(folder, "exact.onnx"), Path(folder, "rounded.onnx")
        ids = torch.randint(5, 1000, (2, 12))
        axes = {0: "batch", 1: "length"}
        # The exporter that takes its place wants a further library and writes another graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            reader,
            (ids, torch.ones_like(ids)),
            str(exact),
            input_names=["input_ids", "attention_mask"],
            output_names=["answered", "tokens"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "answered": {0: "batch"}, "tokens": axes},
            opset_version=17,
            dynamo=False,
        )
        # Seven bits, so that processors that add products in 16 bits need no slower kernels.
        quantize_dynamic(
            exact,
            rounded,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul"],
        )
        model = onnx.load(str(rounded))
    _share_words(model, encoder)
    onnx.save(model, str(path))


def _share_words(model: onnx.ModelProto, encoder: Path) -> None:
    """Take the table of words out of `model`, and say where the encoder's file has it."""
    source = {tensor.name: tensor for tensor in onnx.load(str(encoder)).graph.initializer}
    base = "m.embeddings.word_embeddings.weight"
    table, scale, zero = (source[f"{base}_{part}"] for part in ("quantized", "scale", "zero_point"))
    graph = model.graph
    own = next(t for t in graph.initializer if list(t.dims) == list(table.dims))
    gather = next(node for node in graph.node if node.op_type == "Gather" and node.input[0] == own.name)
    at = list(graph.node).index(gather)
    looked_up = gather.output[0]
    gather.input[0], gather.output[0] = TABLE, f"{looked_up}_rounded"
    dequantise = helper.make_node("DequantizeLinear", [gather.output[0], "words_scale", "words_zero"], [looked_up])
    graph.node.insert(at + 1, dequantise)
    graph.initializer.remove(own)
    for tensor, name in ((scale, "words_scale"), (zero, "words_zero")):
        copied = graph.initializer.add()
        copied.CopyFrom(tensor)
        copied.name = name
    graph.input.append(helper.make_tensor_value_info(TABLE, TensorProto.UINT8, list(table.dims)))
    data = encoder.read_bytes()
    offset = data.index(table.raw_data)
    for key, value in (
        ("words_offset", offset),
        ("words_length", len(table.raw_data)),
        ("words_sha256", hashlib.sha256(table.raw_data).hexdigest()),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
