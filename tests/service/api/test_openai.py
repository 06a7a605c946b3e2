"""The OpenAI form, by the official client."""

import json
import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from markdown_it import MarkdownIt
from openai import NotFoundError, OpenAI, UnprocessableEntityError

from reperage.service.api.openai import _markdown
from reperage.service.contract.answer import AnswerSentence
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


def test_what_clients_send_beside_it_is_left_aside(server: Served) -> None:
    body = {
        "model": "docker",
        "stream": None,
        "stream_options": {"include_usage": None},
        "n": 3,
        "tools": [],
        "user": "x",
        "messages": [
            {"role": "developer", "content": None},
            {"role": "tool", "content": {"a": 1}, "tool_call_id": "1"},
            {"role": "user", "content": "un \ud83d"},
            {"role": "user", "content": "\0" * 3000},
            {"role": "user", "content": "C'est quoi un port exposé ?"},
            {"role": "assistant", "content": None, "tool_calls": []},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:,"}},
                    {"type": "text", "text": None},
                    {"type": "text", "text": "et un port interne ?"},
                ],
            },
        ],
    }
    response = server.client.post(
        "/v1/chat/completions", content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200, response.text
    assert response.json()["repere"]["standalone_question"] == "C'est quoi un port interne ?"


def test_what_the_material_has_reads_the_same_in_markdown() -> None:
    def shown(text: str, kind: str = "paragraph") -> str:
        sentence = AnswerSentence(text=text, citations=[1], kind=kind, block=0, group=0)
        return MarkdownIt("commonmark").render(_markdown(sentence))

    text = "La méthode __init__ reçoit *args, **kwargs et <nom> : `x` [a](http://b.fr) &sol; \\ # $x$"
    assert unescape(shown(text)) == f"<p>{text}</p>\n"
    assert unescape(shown("# pas un titre")) == "<p># pas un titre</p>\n"
    code = "# lance\n```\npython main.py <nom> *.txt"
    assert unescape(shown(code, "code")) == f"<pre><code>{code}\n</code></pre>\n"


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

    monkeypatch.setattr(server.app.state.services.assistant.conversations, "add", broken)
    stream = client.chat.completions.create(model="docker", messages=messages(REFERENCE), stream=True)
    with pytest.raises(Exception, match="its log says more"):
        list(stream)
