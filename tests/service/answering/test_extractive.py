"""The extractive answer, on small courses built with the shipped model."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reperage.index.manifest import Manifest, file_digest
from reperage.service.answering.answerability import NAMES
from reperage.service.answering.calibration import load_calibration
from reperage.service.answering.extractive import Quote, compose
from reperage.service.answering.pipeline import Pipeline
from reperage.service.answering.sentence_selection import select
from reperage.service.assistant import Assistant
from reperage.service.caller import COMMAND_LINE
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.library import CourseLibrary
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE
from tests.service.small_course import course_of

pytestmark = pytest.mark.model


@pytest.fixture
def quotes(tmp_path: Path, make_course, encoder, recipe):
    """Composes the answer to a question from one document."""

    def answer(text: str, question: str) -> list[Quote]:
        course = course_of(make_course({"cours.md": text}), tmp_path / "indexes", encoder, recipe)
        found = course.compose(question)
        document = course.index.document("cours")
        assert all(document.text[q.sentence.start : q.sentence.end] == q.text for q in found)
        return found

    return answer


def shown(quotes: list[Quote]) -> list[str]:
    return [quote.sentence.shown for quote in quotes]


FILLER = "\n\n## Autre chose\n\nLe soleil chauffe la mer. Les vagues usent les rochers.\n"


@pytest.mark.parametrize(
    "second",
    [
        "Il transporte les colis vers la ville de Lyon.",
        "Elle transporte les colis vers la ville de Lyon.",
        "Cela transporte les colis vers la ville de Lyon.",
        "C'est ainsi que les colis vont vers la ville de Lyon.",
        "C’est ainsi que les colis vont vers la ville de Lyon.",
        "Ce train transporte les colis vers la ville de Lyon.",
        "Ces machines transportent les colis vers la ville de Lyon.",
        "Cette ligne transporte les colis vers la ville de Lyon.",
        "Pour cela, les colis partent vers la ville de Lyon.",
        "Ensuite, ils transportent les colis vers la ville de Lyon.",
        "Ses wagons transportent les colis vers la ville de Lyon.",
        "Leurs wagons transportent les colis vers la ville de Lyon.",
        "Ainsi, celui-ci transporte les colis vers la ville de Lyon.",
        "On dit que ces colis vont vers la ville de Lyon.",
        "On parle alors de colis vers la ville de Lyon.",
    ],
)
def test_a_sentence_that_leans_on_the_one_before_brings_it(quotes, second: str):
    first = "La locomotive Alba roule de nuit."
    text = f"# Trains\n\nLe quai est long. {first} {second}{FILLER}"
    assert shown(quotes(text, "Où vont les colis vers la ville de Lyon ?")) == [first, second]


@pytest.mark.parametrize(
    "second",
    [
        "Il faut transporter les colis vers la ville de Lyon.",
        "Il ne faut pas envoyer les colis vers la ville de Lyon.",
        "Il n'y a plus de colis vers la ville de Lyon.",
        "Il suffit d'envoyer les colis vers la ville de Lyon.",
        "Il existe des colis vers la ville de Lyon.",
        "Il y a des colis vers la ville de Lyon.",
        "Il est possible de transporter les colis vers la ville de Lyon.",
        "Les trains transportent les colis vers la ville de Lyon.",
        "Un train transporte les colis vers la ville de Lyon.",
        "Saint-Étienne envoie les colis vers la ville de Lyon.",
        "Cesson envoie les colis vers la ville de Lyon.",
        "Ilana envoie les colis vers la ville de Lyon.",
    ],
)
def test_a_sentence_that_stands_alone_comes_alone(quotes, second: str):
    text = f"# Trains\n\nLa locomotive Alba roule de nuit. {second}{FILLER}"
    assert shown(quotes(text, "Où vont les colis vers la ville de Lyon ?")) == [second]


def test_what_is_leaned_on_may_lean_itself(quotes):
    chain = [
        "La locomotive Alba roule de nuit.",
        "Elle tire douze wagons.",
        "Ces wagons portent les colis vers la ville de Lyon.",
    ]
    text = f"# Trains\n\nLe quai est long. {' '.join(chain)}{FILLER}"
    assert shown(quotes(text, "Où vont les colis vers la ville de Lyon ?")) == chain


def test_a_pronoun_at_the_start_of_a_paragraph_brings_the_end_of_the_one_before(quotes):
    text = (
        f"# Trains\n\nLe quai est long.\n\nAlba roule de nuit.\n\nElle porte les colis vers la ville de Lyon.{FILLER}"
    )
    assert shown(quotes(text, "Qui porte les colis vers la ville de Lyon ?")) == [
        "Alba roule de nuit.",
        "Elle porte les colis vers la ville de Lyon.",
    ]


def test_nothing_is_brought_from_another_section(quotes):
    text = (
        f"# Trains\n\n## Alba\n\nAlba roule de nuit.\n\n## Colis\n\nElle porte les colis vers la ville de Lyon.{FILLER}"
    )
    assert shown(quotes(text, "Qui porte les colis vers la ville de Lyon ?")) == [
        "Elle porte les colis vers la ville de Lyon."
    ]


def test_a_sentence_that_announces_a_list_brings_it(quotes):
    text = f"# Trains\n\nLes gares desservies par Alba sont :\n\n- Lyon\n- Dijon\n- Paris\n\nLe quai est long.{FILLER}"
    assert shown(quotes(text, "Quelles sont les gares desservies par Alba ?")) == [
        "Les gares desservies par Alba sont :",
        "Lyon",
        "Dijon",
        "Paris",
    ]


def test_a_sentence_that_announces_code_brings_it(quotes):
    code = "```bash\nalba start --now\n```"
    text = f"# Trains\n\nPour démarrer la locomotive, lancez :\n\n{code}\n\nLe quai est long.{FILLER}"
    found = quotes(text, "Comment démarrer la locomotive ?")
    assert shown(found) == ["Pour démarrer la locomotive, lancez :", "alba start --now"]
    assert [quote.sentence.kind for quote in found] == ["paragraph", "code"]


def test_an_item_of_a_list_brings_what_announces_the_list(quotes):
    text = (
        "# Trains\n\nLe quai est long. Les règles de la gare :\n\n- ne pas courir\n"
        f"- composter son billet bleu avant le départ\n- attendre\n{FILLER}"
    )
    assert shown(quotes(text, "Faut-il composter son billet bleu avant le départ ?")) == [
        "Les règles de la gare :",
        "composter son billet bleu avant le départ",
    ]


@pytest.mark.parametrize(
    "question", ["Quelles sont les règles de la gare ?", "Quelles sont les règles pour le billet bleu ?"]
)
def test_a_question_for_a_list_is_answered_by_all_of_it(quotes, question: str):
    rules = ["ne pas courir", "composter son billet bleu avant le départ", "attendre derrière la ligne"]
    text = (
        "# Trains\n\nLe quai est long.\n\nLes règles de la gare :\n\n"
        + "".join(f"- {rule}\n" for rule in rules)
        + f"\nLe guichet ferme tôt.\n{FILLER}"
    )
    assert shown(quotes(text, question)) == ["Les règles de la gare :", *rules]


def test_code_that_is_announced_comes_whole(quotes):
    code = "alba check\n\nif ready:\n    alba start --now\n    alba lights on"
    text = f"# Trains\n\nPour démarrer la locomotive, lancez :\n\n```\n{code}\n```\n\nLe guichet ferme tôt.{FILLER}"
    found = quotes(text, "Comment démarrer la locomotive ?")
    assert shown(found) == ["Pour démarrer la locomotive, lancez :", code]


def test_quotes_stand_in_the_order_of_the_source_by_section_and_once_each(quotes):
    text = (
        "# Trains\n\n## Alba\n\nLa locomotive Alba tire des wagons. Elle roule de nuit vers Lyon. "
        "Elle s'arrête à Dijon.\n\n## Borée\n\nLa locomotive Borée tire des citernes. Elle roule de jour vers Brest.\n"
        + FILLER
    )
    found = quotes(text, "Quelle locomotive s'arrête à Dijon, roule de nuit et laquelle de jour vers Brest ?")

    starts = [quote.sentence.start for quote in found]
    assert len(starts) == len(set(starts)) >= 4
    sections = [quote.section.anchor for quote in found]
    assert set(sections) == {"alba", "borée"}
    assert len([1 for a, b in pairwise(sections) if a != b]) == 1
    for section in set(sections):
        own = [quote.sentence.start for quote in found if quote.section.anchor == section]
        assert own == sorted(own)


def test_marks_are_in_the_quote_and_not_in_the_text(quotes):
    text = f"# Trains\n\nLa **locomotive `Alba`** tire des [wagons](https://example.org) *bleus*.{FILLER}"
    [found] = quotes(text, "Que tire la locomotive Alba ?")
    assert found.text == "La **locomotive `Alba`** tire des [wagons](https://example.org) *bleus*."
    assert found.sentence.shown == "La locomotive Alba tire des wagons bleus."


def test_without_a_sentence_there_is_no_quote(index, quotes):
    assert compose(index, *select(index, REFERENCE, [])) == []
    assert quotes("# Trains\n\n# Gares\n", REFERENCE) == []


def ask(home: Path, encoder, question: str, course: str):
    settings = Settings(home=home)
    calibration = load_calibration(home, settings.recipe.model_digest, NAMES)
    return Assistant(Pipeline(encoder, calibration), CourseLibrary(settings), Conversations()).ask(
        question, course, caller=COMMAND_LINE
    )


def test_a_quote_that_does_not_stand_is_not_shown(home, encoder, own_home):
    before = ask(home, encoder, REFERENCE, "docker")
    [build] = [path for path in (own_home / "indexes" / "docker").iterdir() if path.is_dir()]
    told = "Ces `ports` ne sont pas accessibles"
    lie = "Ces `ports` sont très  accessibles".encode()
    chunks = (build / "chunks.jsonl").read_bytes()
    assert chunks.count(told.encode()) == 1
    assert len(lie) == len(told)
    (build / "chunks.jsonl").write_bytes(chunks.replace(told.encode(), lie))
    seal(build)

    after = ask(own_home, encoder, REFERENCE, "docker")

    assert after.status == "answered"
    assert [c.quote for c in after.citations] == [c.quote for c in before.citations if told not in c.quote]
    assert [c.number for c in after.citations] == list(range(1, len(after.citations) + 1))
    assert [s.text for s in after.sentences] == [s.text for s in before.sentences if "pas accessibles" not in s.text]
    assert "accessibles" not in after.answer


def test_where_no_quote_stands_there_is_no_answer(own_home, encoder):
    [build] = [path for path in (own_home / "indexes" / "docker").iterdir() if path.is_dir()]
    lines = [json.loads(line) for line in (build / "chunks.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["text"] = "x" * len(line["text"])
    written = [(json.dumps(line, ensure_ascii=False) + "\n").encode() for line in lines]
    (build / "chunks.jsonl").write_bytes(b"".join(written))
    np.save(build / "chunk_offsets.npy", np.cumsum([0, *map(len, written)], dtype=np.int64))
    seal(build)

    answer = ask(own_home, encoder, REFERENCE, "docker")

    assert answer.status == "not_in_material"
    assert answer.citations == answer.sentences == []


def seal(build: Path) -> None:
    """Make the manifest say that the files are as they are now."""
    values = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
    values["checksums"] = {name: file_digest(build / name) for name in values["checksums"]}
    (build / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    Manifest.read(build).verify_files(build)
