"""The shipped cross-encoder by onnxruntime: a question and passages → logits of each passage and of its tokens."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from reperage.index.errors import UnusableModel
from reperage.index.models import SHIPPED_MODEL, model_folder

FILE = Path(__file__).parent / "models" / "reader" / "reader.onnx"
LONGEST = 168
"""Tokens of a question and a passage together, special ones included: what the model was trained on."""
LONGEST_QUESTION = 48
_BEGIN, _PAD, _CLOSE = 0, 1, 2
_INSIDE = 2


class PairLogits(NamedTuple):
    """Whether a passage answers, and of each of its tokens that were read, whether it stands in a sentence that does:
    float32 [tokens]."""

    answered: float
    inside: NDArray[np.float32]


class PairModel:
    """The reader's network, which shares the encoder's tokenizer and table of words; from any number of threads."""

    def __init__(self, session: onnxruntime.InferenceSession, words: NDArray[np.uint8], tokenizer: Tokenizer) -> None:
        """`words`: the table of words, uint8 [pieces, width]."""
        self.tokenizer = tokenizer
        self._session = session
        self._words = onnxruntime.OrtValue.ortvalue_from_numpy(words)

    @classmethod
    def load(cls, path: Path = FILE, *, threads: int = 0) -> Self:
        """Load the model; `threads`: for one question, 0 leaves the number to onnxruntime.

        Raises:
            UnusableModel: the file is damaged, or was made for another encoder than the shipped one.
        """
        folder = model_folder(SHIPPED_MODEL)
        assert folder is not None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait for one another without sleeping take the processor from everything beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            about = session.get_modelmeta().custom_metadata_map
            offset, length = int(about["words_offset"]), int(about["words_length"])
        # Its own errors have no common class but this.
        except Exception as error:
            raise UnusableModel(f"the reader {str(path)!r} cannot be loaded ({error})") from error
        width = next(declared.shape[1] for declared in session.get_inputs() if declared.name == "words")
        with (folder / "model.onnx").open("rb") as file:
            file.seek(offset)
            if hashlib.sha256(file.read(length)).hexdigest() != about["words_sha256"]:
                raise UnusableModel(f"the reader {str(path)!r} was made for another encoder than {SHIPPED_MODEL!r}")
        # Mapped: the pages are those of the encoder's file, and only those of words that are asked for are held.
        words = np.memmap(folder / "model.onnx", np.uint8, "r", offset, (length // width, width))
        tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(session, words, tokenizer)

    def run(self, question: str, passages: Sequence[Sequence[int]]) -> list[PairLogits]:
        """The logits of each passage, given as its tokens, in one run of the model; what is too long is cut."""
        asked = self.tokenizer.encode(question, add_special_tokens=False).ids[:LONGEST_QUESTION]
        begin = len(asked) + 3
        rows = [[_BEGIN, *asked, _CLOSE, _CLOSE, *ids[: LONGEST - begin - 1], _CLOSE] for ids in passages]
        longest = max(map(len, rows))
        input_ids = np.full((len(rows), longest), _PAD, dtype=np.int64)
        attention_mask = np.zeros_like(input_ids)
        for i, row in enumerate(rows):
            input_ids[i, : len(row)] = row
            attention_mask[i, : len(row)] = 1
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        feeds = {"input_ids": value(input_ids), "attention_mask": value(attention_mask), "words": self._words}
        answered, tokens = (output.numpy() for output in self._session.run_with_ort_values(None, feeds))
        return [PairLogits(float(answered[i]), tokens[i, begin : len(row) - 1, _INSIDE]) for i, row in enumerate(rows)]
