"""Train the reader, and what decides by it: `make reader SHARED=FOLDER`, where FOLDER holds training/ and eval/.

    python -m tools.reader windows --shared FOLDER WORK    what search brings for questions in small courses
    python -m tools.reader train --shared FOLDER WORK      the network, from those windows and the other sets
    python -m tools.reader export WORK                     the file that is shipped
    python -m tools.reader fit --shared FOLDER WORK        the models that decide, from questions that were kept back
    python -m tools.reader all --shared FOLDER WORK        one after the other

WORK is a folder for what is made on the way. A command begins again from what the one before it wrote there.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from reperage.index.models import SHIPPED_MODEL, model_folder
from reperage.index.pair_model import FILE, PairModel
from reperage.service.answering.reading.decision import FILE as DECISION
from reperage.service.settings import Settings
from tools.reader.courses import asked_cases, cases_of_set, trained_cases, write_windows
from tools.reader.export import export
from tools.reader.fitting import fit, read_cases
from tools.reader.network import Reader
from tools.reader.rows import Group, encyclopedia, epoch, headings, question_sets, windows, written
from tools.reader.training import Schedule, mixed, train

SHARES = {"encyclopedia": 0.1, "sets": 0.12, "headings": 0.06, "written": 0.24, "windows": 0.22, "asked": 0.26}
"""Of the rows that are trained on."""
KEPT = 100
"""Groups of a source without a part of its own for it, kept back for figures."""
OWN = Path(__file__).parent / "data" / "written-fields-fr.jsonl.gz"
"""Written questions that come with the project."""
COURSES = OWN.parent / "courses"
KEPT_COURSES = ("communs", "couture", "debian", "francais", "leadership", "rgpd", "sciences", "web")
"""Courses whose questions are kept back, for figures."""
_COMMANDS = ("windows", "train", "export", "fit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=(*_COMMANDS, "all"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--shared", type=Path, help="the folder that holds training/ and eval/")
    parser.add_argument("--written", type=Path, action="append", default=[], help="further written questions")
    parser.add_argument("--init", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--frozen", type=int, default=2, help="layers that are not trained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--half", action="store_true", help="compute in bfloat16, where the processor is fast at it")
    arguments = parser.parse_args()
    commands = _COMMANDS if arguments.command == "all" else (arguments.command,)
    if arguments.shared is None and commands != ("export",):
        parser.error("--shared is needed")
    arguments.work.mkdir(parents=True, exist_ok=True)
    for command in commands:
        run(command, arguments)


def run(command: str, arguments: argparse.Namespace) -> None:
    folder = model_folder(SHIPPED_MODEL)
    assert folder is not None
    encoder, checkpoint = folder / "model.onnx", arguments.work / "reader.pt"
    rng = random.Random(arguments.seed)
    match command:
        case "windows":
            write_windows(trained_cases(_written(arguments), rng), arguments.work / "windows.jsonl")
            courses = sorted(COURSES.glob("*.json.gz"))
            for name, is_kept in (("asked", False), ("kept", True)):
                part = [path for path in courses if (path.name.partition(".")[0] in KEPT_COURSES) == is_kept]
                write_windows(asked_cases(part), arguments.work / f"{name}.jsonl")
        case "train":
            _train(Reader(encoder, arguments.layers), encoder.with_name("tokenizer.json"), arguments, rng)
        case "export":
            reader = Reader(encoder, arguments.layers)
            reader.load_state_dict(torch.load(checkpoint), strict=False)
            FILE.parent.mkdir(exist_ok=True)
            export(reader, encoder, FILE)
        case "fit":
            most, model = Settings().reader_windows, PairModel.load()
            tuned = [
                case for number, path in enumerate(_tuning(arguments.shared)) for case in cases_of_set(path, number)
            ]
            asked = asked_cases([COURSES / f"{course}.json.gz" for course in KEPT_COURSES])
            print(fit(read_cases(tuned, model, most), read_cases(asked, model, most), DECISION), flush=True)


def _tuning(shared: Path) -> list[Path]:
    """The files of questions that silence is fitted on."""
    own = Path("tests/questions")
    return [
        *(shared / "eval" / name / "questions.yaml" for name in ("css-web", "esperanto")),
        *own.glob("*/tuning.yaml"),
    ]


def _written(arguments: argparse.Namespace) -> Sequence[Path]:
    return [arguments.shared / "training" / "written-courses-fr.jsonl.gz", OWN, *arguments.written]


def _train(reader: Reader, tokenizer: Path, arguments: argparse.Namespace, rng: random.Random) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_flush_denormal(True)
    if arguments.init:
        reader.load_state_dict(torch.load(arguments.init, map_location="cpu"), strict=False)
    reader.to(arguments.device)
    for layer in reader.bert.encoder.layer[: arguments.frozen]:
        layer.requires_grad_(requires_grad=False)
    training = arguments.shared / "training"
    sources: dict[str, list[Group]] = {
        "encyclopedia": encyclopedia(arguments.shared / "eval" / "piaf-dev"),
        "sets": question_sets(training, rng),
        "headings": headings(training / "courses-weak-fr.jsonl.gz"),
        "written": [group for path in _written(arguments) for group in written(path, rng, kept=False)],
        "windows": windows(arguments.work / "windows.jsonl", rng),
        "asked": windows(arguments.work / "asked.jsonl", rng, most=4),
    }
    held = [group for path in _written(arguments) for group in written(path, random.Random(0), kept=True)]
    # Of the kept questions themselves: what is made of them is easier than what was written.
    kept = {"written": [row for group in held for row in (*group.positives, *(() if group.positives else group.near))]}
    asked = windows(arguments.work / "kept.jsonl", random.Random(0), most=4)
    kept["asked"] = [row for group in asked for row in (*group.positives, *group.near)]
    for name in ("encyclopedia", "headings"):
        kept[name] = epoch(sources[name][-KEPT:], random.Random(0))
        del sources[name][-KEPT:]
    print({name: len(groups) for name, groups in sources.items()}, flush=True)
    schedule = Schedule(arguments.minutes, arguments.rate)
    batches = mixed(sources, SHARES, rng, schedule.rows)

    def tell(line: str) -> None:
        print(line, flush=True)

    words = Tokenizer.from_file(str(tokenizer))
    train(reader, words, batches, kept, schedule, rng, arguments.work / "reader.pt", tell, half=arguments.half)


if __name__ == "__main__":
    main()
