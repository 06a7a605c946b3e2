"""A client that is made from the description of the API alone, as anybody would make one."""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import SecretStr

from reperage.index.encoder import Encoder
from reperage.service.access.api_keys import new_key
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.settings import Settings
from tests.service.serving import REFERENCE, Served, copy_home, serving

pytestmark = pytest.mark.model

PACKAGE = "repere_client"
COURSE = "reseaux"
DOCUMENT = "# Réseaux\n\n## Le port\n\nUn port est un numéro qui désigne un service sur une machine.\n"
# The generator writes JSON, forms and bytes; that Markdown travels as bytes it has to be told.
AS_BYTES = dict.fromkeys(("text/markdown", "text/plain"), "application/octet-stream")


@pytest.fixture(scope="module")
def key() -> tuple:
    return new_key("", "teacher", None, None)


@pytest.fixture(scope="module")
def served(home: Path, encoder: Encoder, key: tuple, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    own = copy_home(home, tmp_path_factory.mktemp("client"))
    database = Database(f"sqlite:///{own / 'repere.sqlite3'}")
    database.migrate()
    store_key(database, key[0])
    database.close()
    with serving(Settings(home=own, secret_key=SecretStr("k" * 16)), encoder) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The client's package, which can be imported; what its generator could not read."""
    from openapi_python_client import generate
    from openapi_python_client.config import Config, ConfigFile, MetaType

    folder = tmp_path_factory.mktemp("made")
    description = folder / "openapi.json"
    description.write_text(json.dumps(served.client.get("/openapi.json").json()), encoding="utf-8")
    config = Config.from_sources(
        # Its own hooks run a formatter, which need not be there.
        ConfigFile(post_hooks=[], content_type_overrides=AS_BYTES),
        MetaType.NONE,
        document_source=description,
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / PACKAGE,
    )
    warnings = [f"{found.header} {found.detail}" for found in generate(config=config)]
    sys.path.insert(0, str(folder))
    yield warnings
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def part(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


@pytest.fixture
def client(made: list[str], served: Served, key: tuple) -> Iterator[object]:
    with part("client").AuthenticatedClient(base_url=served.url, token=key[1], timeout=60) as opened:
        yield opened


def test_the_generator_reads_every_part_of_the_description(made: list[str], served: Served) -> None:
    assert made == []
    operations = [
        (tag, operation["operationId"])
        for path in served.client.get("/openapi.json").json()["paths"].values()
        for operation in path.values()
        for tag in operation["tags"][:1]
    ]
    assert len(operations) > 20
    for tag, operation in operations:
        folder = tag.lower().replace(" ", "_").replace("openai", "open_ai")
        assert part(f"api.{folder}.{operation.lower()}").sync_detailed


def test_it_asks_searches_and_lists(client: object) -> None:
    models = part("models")
    question = models.Question(question=REFERENCE, course="docker")
    answer = part("api.questions.ask").sync(client=client, body=question)
    assert isinstance(answer, models.Answer)
    assert answer.status == "answered"
    assert all(sentence.citations for sentence in answer.sentences)
    assert all(citation.quote and citation.end > citation.start for citation in answer.citations)
    batch = models.Batch(questions=[question, models.Question(question="?", course="docker")])
    first, second = part("api.questions.ask_batch").sync(client=client, body=batch).results
    assert first.answer.status == "answered"
    assert second.problem.status == 422
    found = part("api.questions.search").sync(client=client, q=REFERENCE, course="docker", k=3)
    assert [hit.rank for hit in found.hits] == [1, 2, 3]
    courses = part("api.courses.courses").sync(client=client)
    assert "docker" in [course.id for course in courses.courses]
    [document] = part("api.courses.documents").sync("docker", client=client).documents
    text = part("api.courses.document").sync("docker", document.id, client=client).text
    citation = answer.citations[0]
    assert text[citation.start : citation.end] == citation.quote


def test_it_says_what_it_thinks_of_an_answer_and_reads_the_conversation(client: object) -> None:
    models = part("models")
    answer = part("api.questions.ask").sync(client=client, body=models.Question(question=REFERENCE, course="docker"))
    given = part("api.conversations.give_feedback").sync_detailed(
        answer.id, client=client, body=models.Opinion(rating=models.OpinionRating.UP)
    )
    assert given.status_code == 204
    turns = part("api.conversations.conversation").sync(answer.conversation_id, client=client).turns
    assert [turn.answer.id for turn in turns] == [answer.id]


def test_it_reads_why_something_failed(client: object, served: Served) -> None:
    models = part("models")
    asking = part("api.questions.ask")
    problem = asking.sync(client=client, body=models.Question(question=REFERENCE, course="nowhere"))
    assert isinstance(problem, models.Problem)
    assert (problem.status, problem.title) == (404, "No such course")
    with part("client").AuthenticatedClient(base_url=served.url, token="rk_forged") as stranger:
        refused = asking.sync_detailed(client=stranger, body=models.Question(question=REFERENCE))
    assert refused.status_code == 401
    assert isinstance(refused.parsed, models.Problem)


def test_it_writes_a_document_and_follows_its_job(client: object) -> None:
    models = part("models")
    body = part("types").File(payload=BytesIO(DOCUMENT.encode()))
    written = part("api.courses.put_document").sync(COURSE, "ports", client=client, body=body)
    assert isinstance(written, models.DocumentJob)
    deadline = time.monotonic() + 60
    while (job := part("api.courses.job").sync(written.id, client=client)).status in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert job.status == "done", job.detail
    question = models.Question(question="Qu'est-ce qu'un port ?", course=COURSE)
    answer = part("api.questions.ask").sync(client=client, body=question)
    assert "numéro" in answer.answer
    removed = part("api.courses.delete_document").sync(COURSE, "ports", client=client)
    assert removed.kind == "delete"
    gaps = part("api.courses.gaps").sync("docker", client=client)
    assert any(section.anchor for section in gaps.empty_sections)
