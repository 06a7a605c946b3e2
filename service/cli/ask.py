"""`repere ask` and `repere search`: one question, answered in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reperage.service import logs
from reperage.service.caller import COMMAND_LINE
from reperage.service.cli.progress import encoding_progress
from reperage.service.cli.terminal import AsJson
from reperage.service.contract.plain_text import plain_text
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.service.assistant import Assistant
    from reperage.service.sources.links import SourceLinks

QuestionText = Annotated[str, typer.Argument(help="The question, as a person would ask it.")]
CourseName = Annotated[
    str | None, typer.Option("--course", "-c", help="The course; may be left out where there is only one.")
]


def ask(question: QuestionText, course: CourseName = None, as_json: AsJson = False) -> None:
    """Ask one question and print the answer with its sources."""
    with local_assistant() as (assistant, links):
        answer = assistant.ask(question, course, caller=COMMAND_LINE, links=links)
    if as_json:
        print(answer.model_dump_json(by_alias=True, indent=2))
        return
    print(plain_text(answer))


def search(
    question: QuestionText,
    course: CourseName = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many chunks to print.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Print the chunks that fit a question best, without an answer."""
    with local_assistant() as (assistant, links):
        result = assistant.search_result(question, course, k, caller=COMMAND_LINE, links=links)
    if as_json:
        print(result.model_dump_json(by_alias=True, indent=2))
        return
    for hit in result.hits:
        print(f"{hit.rank}. {' › '.join([hit.document_title, *hit.heading_path])}")
        print(f"   score {hit.score:.2f}, dense {hit.dense:.3f}, lexical {hit.lexical:.2f}")
        print(f"   {' '.join(hit.text.split())[:160]}")


@contextmanager
def local_assistant() -> Iterator[tuple["Assistant", "SourceLinks"]]:
    """Assistant, made here, and links for whoever is at this machine."""
    from reperage.service.access.document_grants import links_here
    from reperage.service.services import Services

    settings = Settings()
    logs.configure(settings)
    with encoding_progress() as progress:
        yield Services(settings, progress, keeps_turns=False).loading.run(), links_here(settings)
