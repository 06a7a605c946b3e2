"""Rows as tensors: tokens, masks, and the labels of the three losses."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from reperage.index.pair_model import LONGEST, LONGEST_QUESTION
from tools.reader.network import BEGIN, CLOSE, PAD
from tools.reader.rows import Range, Row, as_typed

NOWHERE = -1
_BEFORE_ANSWER = 40
"""Tokens before the answer that a cut passage begins with, at most."""


class Encoded(NamedTuple):
    """`ids`: the tokens of a row; `begin`: the place of the passage's first; `answer`: the places of the answer's first
    and last, `NOWHERE` without one; `inside`: the places that stand in answering sentences, `None` where unknown."""

    ids: list[int]
    begin: int
    answer: Range
    inside: list[int] | None


class Batch(NamedTuple):
    """Tensors of `rows` rows and `length` tokens."""

    ids: Tensor
    """int64 [rows, length]"""
    mask: Tensor
    """int64 [rows, length]: 1 where there is a token."""
    passage: Tensor
    """bool [rows, length]: the tokens of the passage."""
    answered: Tensor
    """float32 [rows]"""
    answer: Tensor
    """int64 [rows, 2]: first and last token of the answer, or `NOWHERE`."""
    inside: Tensor
    """float32 [rows, length]: 1 in a sentence that answers."""
    known: Tensor
    """float32 [rows]: 1 where it is known which sentences answer."""


def encode(row: Row, tokenizer: Tokenizer, longest: int = LONGEST, rng: random.Random | None = None) -> Encoded:
    """`row` in at most `longest` tokens, its answer among them; varied as it may be typed where `rng` is given."""
    question, heading = as_typed(row, rng) if rng else (row.question, row.heading)
    head = f"{heading}\n" if heading else ""
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:LONGEST_QUESTION]
    encoding = tokenizer.encode(head + row.passage, add_special_tokens=False)
    begin, room = len(asked) + 3, longest - len(asked) - 4
    start = _start(row, len(head), encoding.offsets, room, rng)
    ids, offsets = encoding.ids[start : start + room], encoding.offsets[start : start + room]

    def places(span: Range) -> list[int]:
        low, high = span[0] + len(head), span[1] + len(head)
        return [begin + i for i, (a, b) in enumerate(offsets) if b > low and a < high and b > a]

    answer = places(row.answer) if row.answer else []
    inside = None if row.inside is None else [place for span in row.inside for place in places(span)]
    return Encoded(
        [BEGIN, *asked, CLOSE, CLOSE, *ids, CLOSE],
        begin,
        (answer[0], answer[-1]) if answer else (NOWHERE, NOWHERE),
        inside,
    )


def _start(row: Row, head: int, offsets: Sequence[Range], room: int, rng: random.Random | None) -> int:
    """The token that a passage is read from, where it is longer than there is room: before what answers."""
    first = row.answer[0] if row.answer else row.inside[0][0] if row.inside else None
    if len(offsets) <= room or first is None:
        return 0
    at = next((i for i, (_, end) in enumerate(offsets) if end > first + head), 0)
    latest = min(at, len(offsets) - room)
    if rng is None:
        return max(0, min(at - room // 2, latest))
    earliest = max(0, at - room + _BEFORE_ANSWER)
    return rng.randint(earliest, max(earliest, latest))


def batch(rows: Sequence[Row], tokenizer: Tokenizer, longest: int = LONGEST, rng: random.Random | None = None) -> Batch:
    """The tensors of `rows`, at least one."""
    encoded = [encode(row, tokenizer, longest, rng) for row in rows]
    shape = len(rows), max(len(one.ids) for one in encoded)
    result = Batch(
        ids=torch.full(shape, PAD, dtype=torch.long),
        mask=torch.zeros(shape, dtype=torch.long),
        passage=torch.zeros(shape, dtype=torch.bool),
        answered=torch.tensor([float(row.answered) for row in rows]),
        answer=torch.tensor([one.answer for one in encoded]),
        inside=torch.zeros(shape),
        known=torch.zeros(len(rows)),
    )
    for i, one in enumerate(encoded):
        result.ids[i, : len(one.ids)] = torch.tensor(one.ids)
        result.mask[i, : len(one.ids)] = 1
        result.passage[i, one.begin : len(one.ids) - 1] = True
        if one.inside is not None:
            result.known[i] = 1
            result.inside[i, one.inside] = 1
    return result
