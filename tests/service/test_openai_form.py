"""The OpenAI form, by the official client."""

import re
from collections.abc import Iterator

import httpx
import pytest
from openai import NotFoundError, OpenAI, UnprocessableEntityError

from tests.service.serving import REFERENCE, Served

pytestmark = pytest.mark.model

LINK = re.compile(r"\[\[(\d+)\]\]\((\S+?)\)")


@pytest.fixture
def client(server: Served) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as opened:
        yield opened


def messages(*said: str) -> list:
    return [{"role": "user", "content": text} for text in said]


def test_there_is_a_model_for_each_course(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["docker"]
    assert client.models.retrieve("docker").owned_by == "repere"
    with pytest.raises(NotFoundError):
        client.models.retrieve("nulle-part")


def test_the_answer_is_the_same_with_links_and_annotations(server: Served, client: OpenAI) -> None:
    completion = client.chat.completions.create(model="docker", messages=messages(REFERENCE))
    (choice,) = completion.choices
    answer = server.ask(REFERENCE, course="docker")
    text = choice.message.content or ""
    assert choice.finish_reason == "stop"
    assert LINK.sub(r"[\1]", text) == answer["answer"]
    urls = {str(c["number"]): c["url"] for c in answer["citations"]}
    assert LINK.findall(text) == [(str(n), urls[str(n)]) for s in answer["sentences"] for n in s["citations"]]
    annotations = choice.message.annotations or []
    assert len(annotations) == len(LINK.findall(text))
    for annotation, link in zip(annotations, LINK.finditer(text), strict=True):
        cited = annotation.url_citation
        assert (cited.start_index, cited.end_index) == link.span()
        assert cited.url == link.group(2)
        assert "Conteneur Docker" in cited.title
        assert httpx.get(cited.url).status_code == 200
    assert completion.model_extra["repere"]["citations"] == answer["citations"]


@pytest.mark.parametrize(
    "question", [REFERENCE, "bonjour", "Qui a inventé la poudre ?", "C'est quoi un volume Docker ?"]
)
def test_streamed_it_is_the_same_text(client: OpenAI, question: str) -> None:
    whole = client.chat.completions.create(model="docker", messages=messages(question)).choices[0].message
    stream = client.chat.completions.create(
        model="docker", messages=messages(question), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert len({c.id for c in chunks}) == 1
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []
    last = chunks[-2].choices[0].delta.model_extra or {}
    given = [annotation.model_dump() for annotation in whole.annotations or []]
    assert last.get("annotations", []) == given


def test_the_messages_before_are_the_conversation(client: OpenAI) -> None:
    said = [
        {"role": "system", "content": "Réponds en latin."},
        *messages("bonjour", "C'est quoi un port exposé ?"),
        {"role": "assistant", "content": "…"},
        {"role": "user", "content": [{"type": "text", "text": "et un port"}, {"type": "text", "text": "interne ?"}]},
    ]
    completion = client.chat.completions.create(model="docker", messages=said, temperature=2, max_tokens=1)
    assert completion.model_extra["repere"]["standalone_question"] == "C'est quoi un port interne ?"


def test_what_cannot_be_asked_is_told(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="nulle-part"):
        client.chat.completions.create(model="nulle-part", messages=messages(REFERENCE))
    for said in ([], messages("?"), [{"role": "system", "content": "x"}], messages("")):
        for stream in (False, True):
            with pytest.raises(UnprocessableEntityError):
                client.chat.completions.create(model="docker", messages=said, stream=stream)


def test_what_fails_on_the_way_is_told(server: Served, client: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(person: str, answer: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(server.app.state.startup.assistant.conversations, "add", broken)
    stream = client.chat.completions.create(model="docker", messages=messages(REFERENCE), stream=True)
    with pytest.raises(Exception, match="its log says more"):
        list(stream)
