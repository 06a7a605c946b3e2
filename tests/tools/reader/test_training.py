"""What the reader learns by: tokens, masks and losses; and that it learns, on a few rows."""

import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from reperage.index.errors import UnusableModel
from reperage.index.models import SHIPPED_MODEL, model_folder
from reperage.index.pair_model import LONGEST, PairModel
from tools.reader.batches import NOWHERE, batch, encode
from tools.reader.export import export
from tools.reader.network import CLOSE, PAD, Reader
from tools.reader.rows import Group, Row
from tools.reader.training import Schedule, figures, loss_of, mixed, train

pytestmark = pytest.mark.model

TEXT = "La locomotive Alba tire des wagons. Elle est bleue."
ANSWERED = Row("Que tire Alba ?", "Trains", TEXT, answered=True, answer=(19, 34), inside=[(0, 35)])
UNANSWERED = Row("Qui conduit Alba ?", "", TEXT, answered=False, inside=())
UNKNOWN = Row("Alba", "", TEXT, answered=True)


@pytest.fixture(scope="module")
def encoder_file() -> Path:
    folder = model_folder(SHIPPED_MODEL)
    assert folder is not None
    return folder / "model.onnx"


@pytest.fixture(scope="module")
def tokenizer(encoder_file: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder_file.with_name("tokenizer.json")))


@pytest.fixture
def reader(encoder_file: Path) -> Reader:
    torch.manual_seed(0)
    return Reader(encoder_file, layers=1)


def test_a_row_is_question_heading_and_passage_with_the_places_of_its_answer(tokenizer: Tokenizer) -> None:
    encoded = encode(ANSWERED, tokenizer)
    first, last = encoded.answer
    assert tokenizer.decode(encoded.ids[first : last + 1]) == "tire des wagons"
    assert (
        tokenizer.decode([encoded.ids[place] for place in encoded.inside or ()])
        == "La locomotive Alba tire des wagons."
    )
    assert tokenizer.decode(encoded.ids[encoded.begin :]).startswith("Trains La locomotive")


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_a_long_passage_is_cut_around_its_answer(tokenizer: Tokenizer, seed: int | None) -> None:
    text = "Un mot. " * 300 + TEXT + " Un autre." * 300
    at = text.index("tire")
    row = Row("Que tire Alba ?", "", text, answered=True, answer=(at, at + 15), inside=[(at - 19, at + 16)])
    encoded = encode(row, tokenizer, rng=None if seed is None else random.Random(seed))
    assert len(encoded.ids) <= LONGEST
    assert encoded.ids[-1] == CLOSE
    first, last = encoded.answer
    assert tokenizer.decode(encoded.ids[first : last + 1]).lower() == "tire des wagons"


def test_masks_leave_out_what_is_no_passage(tokenizer: Tokenizer) -> None:
    rows = batch([ANSWERED, UNANSWERED, UNKNOWN], tokenizer)
    lengths = rows.mask.sum(1)
    for i, length in enumerate(lengths):
        assert (rows.ids[i, length:] == PAD).all()
        assert rows.ids[i, length - 1] == CLOSE
        assert not rows.passage[i, length - 1 :].any()
    assert rows.known.tolist() == [1, 1, 0]
    assert rows.inside[1:].sum() == 0
    assert (rows.answer[1:] == NOWHERE).all()
    assert (rows.inside[0] <= rows.passage[0].float()).all()


def test_the_losses_fall_where_the_reader_is_right(tokenizer: Tokenizer) -> None:
    rows = batch([ANSWERED, UNANSWERED, UNKNOWN], tokenizer)

    class Told(torch.nn.Module):
        """Says what it was told, so strongly."""

        def __init__(self, sign: float) -> None:
            super().__init__()
            self.tokens = torch.nn.Linear(1, 1)
            self.sign = sign

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            tokens = torch.zeros(*ids.shape, 3)
            for kind in (0, 1):
                tokens[0, rows.answer[0, kind], kind] = 9 * self.sign
            tokens[..., 2] = 9 * self.sign * (2 * rows.inside - 1)
            # Of a row whose sentences are not known, and outside of the passage, it may say anything.
            tokens[2, :, 2] = 77.0
            tokens[~rows.passage] = 77.0
            return 9 * self.sign * (2 * rows.answered - 1), tokens

    right, wrong = (float(loss_of(Told(sign), rows, half=False)) for sign in (1.0, -1.0))
    assert right < 0.01
    assert wrong > 5


def test_sources_are_mixed_by_their_shares() -> None:
    sources = {name: [Group([Row(name, "", "p", answered=True)])] for name in ("a", "b")}
    batches = mixed(sources, {"a": 0.9, "b": 0.1}, random.Random(0), 10)
    rows = [row.question for _ in range(40) for row in next(batches)]
    assert 0.05 < rows.count("b") / len(rows) < 0.2


def test_the_rate_rises_stays_and_falls() -> None:
    schedule = Schedule(minutes=1, rate=1.0, warm_up=0.1, decay=0.5)
    rates = [schedule.rate_at(done) for done in (0, 0.05, 0.3, 0.75, 1)]
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0.01])


def test_it_learns_goes_on_and_is_exported(
    reader: Reader, encoder_file: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """It knows two rows by heart in five seconds; the file that is shipped says the same, in seven bits."""
    groups = {"few": [Group([ANSWERED], [UNANSWERED])]}
    told: list[str] = []
    checkpoint, file = tmp_path / "reader.pt", tmp_path / "reader.onnx"
    schedule = Schedule(minutes=0.08, rate=1e-3, rows=4)
    rng = random.Random(0)
    kept = {"few": [ANSWERED, UNANSWERED]}
    train(
        reader, tokenizer, mixed(groups, {"few": 1}, rng, 4), kept, schedule, rng, checkpoint, told.append, half=False
    )
    assert "AUROC 1.000" in told[-1]
    assert figures(reader, kept["few"], tokenizer, half=False).auroc == 1.0

    again = Reader(encoder_file, layers=1)
    again.load_state_dict(torch.load(checkpoint), strict=False)
    export(again, encoder_file, file)
    model = PairModel.load(file)
    passage = tokenizer.encode(TEXT, add_special_tokens=False).ids
    rows = batch([Row(row.question, "", TEXT, answered=True) for row in (ANSWERED, UNANSWERED)], tokenizer)
    with torch.no_grad():
        answered, tokens = reader(rows.ids, rows.mask)
    for i, row in enumerate((ANSWERED, UNANSWERED)):
        [logits] = model.run(row.question, [passage])
        assert logits.answered == pytest.approx(float(answered[i]), abs=0.4)
        assert logits.inside == pytest.approx(tokens[i, rows.passage[i], 2].numpy(), abs=0.8)


def test_a_reader_of_another_encoder_is_refused(reader: Reader, encoder_file: Path, tmp_path: Path) -> None:
    import onnx

    export(reader, encoder_file, tmp_path / "reader.onnx")
    model = onnx.load(str(tmp_path / "reader.onnx"))
    next(entry for entry in model.metadata_props if entry.key == "words_offset").value = "0"
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(UnusableModel, match="another encoder"):
        PairModel.load(tmp_path / "other.onnx")
