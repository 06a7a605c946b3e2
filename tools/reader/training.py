"""The loop: rows by source, three losses, figures on rows kept back, a checkpoint with each."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from reperage.service.evaluation.measures import auroc
from tools.reader.batches import NOWHERE, Batch, batch
from tools.reader.network import END, INSIDE, START, Reader
from tools.reader.rows import Group, Row, epoch

_POOL = 8
"""Batches that rows of like length are sorted into."""
_FAR = -1e4
_SPAN_WEIGHT, _INSIDE_WEIGHT, _OUTSIDE_WEIGHT = 0.2, 1.5, 0.3


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rate` is reached after a `warm_up` share of the time, kept until `decay`, and then falls to nothing."""

    minutes: float
    rate: float = 1e-4
    warm_up: float = 0.03
    decay: float = 0.5
    rows: int = 32
    """In a batch."""

    def rate_at(self, done: float) -> float:
        """The learning rate when the share `done` of the time has passed."""
        return self.rate * min(1.0, done / self.warm_up, max(0.01, (1 - done) / (1 - self.decay)))


def loss_of(reader: Reader, rows: Batch, *, half: bool) -> Tensor:
    """Answered or not, the answer's two ends, and the sentences that answer; `half`: compute in bfloat16."""
    device = reader.tokens.weight.device
    rows = Batch(*(values.to(device) for values in rows))
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        answered, tokens = reader(rows.ids, rows.mask)
    answered, tokens = answered.float(), tokens.float()
    loss = functional.binary_cross_entropy_with_logits(answered, rows.answered)
    spans = rows.answer[:, 0] != NOWHERE
    if spans.any():
        places = tokens[spans].masked_fill(~rows.passage[spans][..., None], _FAR)
        for end, kind in enumerate((START, END)):
            loss = loss + _SPAN_WEIGHT * functional.cross_entropy(places[..., kind], rows.answer[spans, end])
    weight = rows.passage * rows.known[:, None]
    each = functional.binary_cross_entropy_with_logits(tokens[..., INSIDE], rows.inside, reduction="none")
    each = (each * weight).sum(1) / weight.sum(1).clamp(min=1)
    by_row = torch.where(rows.answered > 0.5, _INSIDE_WEIGHT, _OUTSIDE_WEIGHT)
    return loss + (each * by_row).sum() / rows.known.sum().clamp(min=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """On rows kept back: how often an answered one has the higher logit, the share of the others that is refused where
    90 % of these pass, and how often the likeliest token stands in a sentence that answers."""

    auroc: float
    refused: float
    right: float

    def __str__(self) -> str:
        return f"AUROC {self.auroc:.3f}, refused at 90 % {self.refused:.3f}, best token answers {self.right:.3f}"


def figures(reader: Reader, rows: Sequence[Row], tokenizer: Tokenizer, *, half: bool) -> Figures:
    """`rows` hold answered ones and others."""
    reader.eval()
    device = reader.tokens.weight.device
    logits: list[float] = []
    right: list[float] = []
    rows = sorted(rows, key=lambda row: len(row.passage))
    for at in range(0, len(rows), 32):
        part = batch(rows[at : at + 32], tokenizer)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
            answered, tokens = (out.float().cpu() for out in reader(part.ids.to(device), part.mask.to(device)))
        logits += answered.tolist()
        best = tokens[..., INSIDE].masked_fill(~part.passage, _FAR).argmax(1)
        has = (part.answered > 0.5) & (part.inside.sum(1) > 0)
        right += part.inside[torch.arange(len(best)), best][has].tolist()
    reader.train()
    is_answered = np.array([row.answered for row in rows])
    scores = np.array(logits)
    refused = float(np.mean(scores[~is_answered] < np.quantile(scores[is_answered], 0.1)))
    in_order = auroc(scores[is_answered].tolist(), scores[~is_answered].tolist())
    return Figures(in_order, refused, float(np.mean(right or [0.0])))


def mixed(
    sources: Mapping[str, Sequence[Group]], shares: Mapping[str, float], rng: random.Random, size: int
) -> Iterator[list[Row]]:
    """Batches without an end: rows by the sources' shares, those of like length together."""
    waiting: dict[str, list[Row]] = {}
    while True:
        pool = []
        for name in rng.choices(list(shares), list(shares.values()), k=size * _POOL):
            if not waiting.get(name):
                waiting[name] = epoch(sources[name], rng)
            pool.append(waiting[name].pop())
        pool.sort(key=lambda row: len(row.question) + len(row.heading) + len(row.passage))
        batches = [pool[at : at + size] for at in range(0, len(pool), size)]
        rng.shuffle(batches)
        yield from batches


def train(
    reader: Reader,
    tokenizer: Tokenizer,
    batches: Iterator[list[Row]],
    kept: Mapping[str, Sequence[Row]],
    schedule: Schedule,
    rng: random.Random,
    checkpoint: Path,
    tell: Callable[[str], None],
    *,
    half: bool,
    every: float = 600,
) -> None:
    """Train until the schedule's time is over; every so many seconds, and at the end, write the checkpoint and tell the
    figures of each set of `kept`."""
    trained = [parameter for parameter in reader.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=0.0, weight_decay=0.01, betas=(0.9, 0.98))
    began = told = time.monotonic()
    seen, losses = 0, []
    reader.train()
    while True:
        rows = next(batches)
        done = min(1.0, (time.monotonic() - began) / (60 * schedule.minutes))
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate_at(done)
        loss = loss_of(reader, batch(rows, tokenizer, rng=rng), half=half)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seen += len(rows)
        if time.monotonic() - told > every or done >= 1:
            told = time.monotonic()
            torch.save(reader.own_weights(), checkpoint)
            tell(f"{(told - began) / 60:.0f} min, {seen} rows, loss {np.mean(losses[-200:]):.3f}")
            for name, some in kept.items():
                tell(f"  {name}: {figures(reader, some, tokenizer, half=half)}")
        if done >= 1:
            return
