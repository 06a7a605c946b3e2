"""The Model Context Protocol, spoken by the SDK's own client: what the tools are, what they return and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Thread

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, Tool

from reperage.index.encoder import Encoder
from reperage.index.errors import UnusableModel
from reperage.service import mcp
from reperage.service.access.api_keys import new_key
from reperage.service.caller import COMMAND_LINE
from reperage.service.contract.answer import Answer
from reperage.service.contract.plain_text import plain_text
from reperage.service.contract.search_result import SearchResult
from reperage.service.database.engine import Database
from reperage.service.database.keys import store_key
from reperage.service.loading import Loading
from reperage.service.services import Services
from reperage.service.settings import Settings
from reperage.service.sources.links import SourceLinks
from tests.service.cli.test_commands import assert_told_plainly
from tests.service.serving import REFERENCE, build_course, copy_home, listening, loading

pytestmark = pytest.mark.model

BASE = "https://cours.example"
NOT_IN_MATERIAL = "Comment faire pousser des tomates sur un balcon ?"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@dataclass
class Heard:
    """What a client heard in one conversation."""

    name: str
    instructions: str
    tools: dict[str, Tool]
    answered: CallToolResult
    not_in_material: CallToolResult
    blank: CallToolResult
    too_long: CallToolResult
    unknown_course: CallToolResult
    unreadable: CallToolResult
    found: CallToolResult
    none_found: CallToolResult
    progress: list[str | None] = field(default_factory=list)


async def converse(client: Client) -> Heard:
    progress: list[str | None] = []

    async def told(done: float, total: float | None, message: str | None) -> None:
        progress.append(message)

    async with client:
        listed = await client.list_tools()
        return Heard(
            name=client.server_info.name,
            instructions=client.instructions or "",
            tools={tool.name: tool for tool in listed.tools},
            answered=await client.call_tool("ask", {"question": REFERENCE}, progress_callback=told),
            not_in_material=await client.call_tool("ask", {"question": NOT_IN_MATERIAL, "course": "docker"}),
            blank=await client.call_tool("ask", {"question": " ? "}),
            too_long=await client.call_tool("search", {"question": "a" * 2001}),
            unknown_course=await client.call_tool("ask", {"question": REFERENCE, "course": "réseau"}),
            unreadable=await client.call_tool("ask", {"course": "docker"}),
            found=await client.call_tool("search", {"question": REFERENCE, "k": 3}),
            none_found=await client.call_tool("search", {"question": REFERENCE, "k": 0}),
            progress=progress,
        )


@pytest.fixture
def variables(home, tmp_path) -> dict[str, str]:
    return variables_of(home, tmp_path)


def variables_of(home, folder) -> dict[str, str]:
    """What a command runs in: nothing of this process but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "REPERE_READER": os.environ["REPERE_READER"],
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "REPERE_HOME": str(home),
        "REPERE_PUBLIC_URL": BASE,
    }


def over_stdio(program, home, folder, mode) -> Heard:
    parameters = StdioServerParameters(command=program, args=["mcp"], env=variables_of(home, folder), cwd=folder)
    return anyio.run(converse, Client(parameters, mode=mode))


def over_http(settings, encoder, mode) -> Heard:
    with loading(encoder), listening(mcp.http_app(Services(settings, keeps_turns=False), BASE)) as url:
        return anyio.run(converse, Client(f"{url}/mcp", mode=mode))


@pytest.fixture(scope="module", params=["stdio", "http", "http legacy"])
def heard(request, forked_program, home, settings, encoder, tmp_path_factory) -> Heard:
    """One conversation over each transport; "legacy" begins with the handshake of clients before 2026-07-28."""
    if request.param == "stdio":
        return over_stdio(forked_program, home, tmp_path_factory.mktemp("client"), "legacy")
    return over_http(settings, encoder, "legacy" if "legacy" in request.param else "auto")


@pytest.fixture(scope="module")
def startup(settings, encoder) -> Loading:
    """A start that is over."""
    startup = Loading(settings)
    with loading(encoder):
        startup.run()
    return startup


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert content.type == "text"
    return content.text


def test_the_tools_are_described_and_only_read(heard):
    assert heard.name == "repere"
    assert heard.tools.keys() == {"ask", "search"}
    for tool in heard.tools.values():
        assert tool.title
        assert tool.description
        assert tool.annotations.read_only_hint
        assert tool.annotations.destructive_hint is False
        assert tool.input_schema["required"] == ["question"]
        assert all(p["description"] for p in tool.input_schema["properties"].values())
    assert heard.tools["ask"].input_schema["properties"].keys() == {"question", "course"}
    assert heard.tools["search"].input_schema["properties"].keys() == {"question", "course", "k"}


def test_the_output_is_described_as_the_contract_is(heard):
    assert heard.tools["ask"].output_schema["properties"].keys() == {
        f.alias or name for name, f in Answer.model_fields.items()
    }
    assert heard.tools["search"].output_schema["properties"].keys() == SearchResult.model_fields.keys()


def test_clients_are_told_to_show_citations_and_to_pass_silence_on(heard):
    assert "citations" in heard.instructions
    assert "`not_in_material`" in heard.instructions


def test_an_answer_is_the_contract_and_its_quotes_stand_in_the_material(heard, index):
    assert not heard.answered.is_error
    answer = Answer.model_validate(heard.answered.structured_content)
    assert answer.status == "answered"
    assert len(answer.citations) >= 2
    for citation in answer.citations:
        document = index.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.document_version == document.version
        assert citation.url.startswith(f"{BASE}/courses/docker/documents/introduction-docker?version=")


def test_an_answer_is_what_every_other_channel_gets(heard, startup):
    def lasting(answer: Answer) -> dict:
        return answer.model_dump(mode="json", by_alias=True, exclude={"id", "conversation_id", "took_ms"})

    for result, question in ((heard.answered, REFERENCE), (heard.not_in_material, NOT_IN_MATERIAL)):
        answer = startup.assistant.ask(question, links=SourceLinks(BASE), caller=COMMAND_LINE)
        assert lasting(Answer.model_validate(result.structured_content)) == lasting(answer)
        assert text_of(result) == plain_text(answer, links=True)


def test_the_text_shows_the_answer_with_its_numbered_sources(heard):
    answer = Answer.model_validate(heard.answered.structured_content)
    text = text_of(heard.answered)
    assert text.startswith(answer.answer + "\n\nSources\n[1] Introduction Docker › ")
    for citation in answer.citations:
        assert f"\n[{citation.number}] " in text
        assert " ".join(citation.quote.split()) in text
        assert citation.url in text


def test_what_the_material_does_not_say_is_an_answer_without_citations(heard):
    assert not heard.not_in_material.is_error
    answer = Answer.model_validate(heard.not_in_material.structured_content)
    assert (answer.status, answer.citations, answer.sentences) == ("not_in_material", [], [])
    assert text_of(heard.not_in_material).startswith("Le cours ne répond pas")


def test_what_cannot_be_asked_is_an_error_with_its_sentence(heard):
    for result, sentence in (
        (heard.blank, "The question is empty or too short; write at least a word."),
        (heard.too_long, "The question has 2001 characters; ask it in at most 2000."),
        (heard.unknown_course, "There is no course 'réseau'; there are: docker."),
    ):
        assert result.is_error
        assert text_of(result) == sentence
        assert result.structured_content is None


def test_arguments_that_do_not_fit_are_an_error_that_names_them(heard):
    for result, name in ((heard.unreadable, "question"), (heard.none_found, "k")):
        assert result.is_error
        assert name in text_of(result)
        assert "Traceback" not in text_of(result)


def test_a_search_finds_chunks_that_stand_in_the_material_best_first(heard, index):
    found = SearchResult.model_validate(heard.found.structured_content)
    assert (found.course, found.question, [hit.rank for hit in found.hits]) == ("docker", REFERENCE, [1, 2, 3])
    for hit in found.hits:
        assert index.document(hit.document_id).text[hit.start : hit.end] == hit.text
        assert hit.text in text_of(heard.found)
        assert hit.url in text_of(heard.found)


def test_the_first_question_waits_for_the_model_and_tells_what_for(forked_program, home, tmp_path):
    heard = over_stdio(forked_program, home, tmp_path, "auto")
    assert not heard.answered.is_error
    assert heard.progress
    assert all(heard.progress)


def test_a_course_must_be_named_where_there_are_several(own_home, encoder, make_course):
    build_course(own_home, make_course({"a.md": "# A\n\nUne relation a des attributs."}, "base"), encoder)
    startup = Loading(Settings(home=own_home))
    with loading(encoder):
        startup.run()

    async def ask() -> tuple[CallToolResult, CallToolResult]:
        async with Client(mcp.create_server(startup, SourceLinks(), COMMAND_LINE)) as client:
            question = {"question": "Qu'est-ce qu'une relation ?"}
            return await client.call_tool("ask", question), await client.call_tool("ask", question | {"course": "base"})

    unnamed, named = anyio.run(ask)
    assert unnamed.is_error
    assert text_of(unnamed) == "Name one of the courses: base, docker."
    assert named.structured_content is not None
    assert named.structured_content["course"] == "base"


def test_a_start_that_takes_long_or_has_failed_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(mcp, "_START_SECONDS", 0.0)
    startup = Loading(Settings(home=tmp_path, embedding_model=str(tmp_path / "none")))

    async def ask() -> CallToolResult:
        async with Client(mcp.create_server(startup, SourceLinks(), COMMAND_LINE)) as client:
            return await client.call_tool("ask", {"question": REFERENCE})

    slow = anyio.run(ask)
    assert slow.is_error
    assert text_of(slow) == "The program is starting. Ask again in 2 seconds."

    def cannot_load(*_: object, **__: object) -> Encoder:
        raise UnusableModel("the embedding model 'none' cannot be loaded")

    # Other tests share an encoder that is loaded once.
    monkeypatch.setattr(Encoder, "load", cannot_load)
    startup.start()
    assert startup.wait(60)
    failed = anyio.run(ask)
    assert failed.is_error
    assert text_of(failed).startswith("Repère cannot start: the embedding model ")
    assert "Traceback" not in text_of(failed)


@pytest.fixture
def started(forked_program, variables, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """`repere mcp` as a process, in a home where the index is yet to be built."""
    process = subprocess.Popen(
        [forked_program, "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=variables | {"REPERE_HOME": str(tmp_path / "home")},
    )
    with process:
        yield process
        process.kill()


def test_only_the_protocol_is_written_to_standard_output(started):
    def send(**message: object) -> None:
        started.stdin.write(json.dumps({"jsonrpc": "2.0"} | message) + "\n")
        started.stdin.flush()

    send(**INITIALIZE)
    first = json.loads(started.stdout.readline())
    send(method="notifications/initialized")
    send(id=2, method="tools/call", params={"name": "ask", "arguments": {"question": REFERENCE}})
    second = json.loads(started.stdout.readline())
    output, told = started.communicate(timeout=60)

    assert (first["jsonrpc"], first["id"], first["result"]["serverInfo"]["name"]) == ("2.0", 1, "repere")
    assert (second["jsonrpc"], second["id"], second["result"]["isError"]) == ("2.0", 2, False)
    assert output == ""
    assert told.startswith("Building the index of 'docker'")
    assert REFERENCE not in told
    assert started.returncode == 0


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_the_end_of_input_ends_it_while_the_model_is_loaded(started, seconds):
    started.stdin.write(json.dumps(INITIALIZE) + "\n")
    started.stdin.flush()
    assert started.stdout.readline()
    time.sleep(seconds)
    _, told = started.communicate(timeout=20)
    assert (started.returncode, told) in [(0, ""), (0, "Building the index of 'docker': 30 texts to encode…\n")]


def test_ctrl_c_ends_it_at_once(started):
    started.stdin.write(json.dumps(INITIALIZE) + "\n")
    started.stdin.flush()
    assert started.stdout.readline()
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=10) == -signal.SIGINT
    assert "Traceback" not in started.stderr.read()


def test_the_command_serves_http_and_ctrl_c_ends_it(forked_program, variables, tmp_path):
    command = [forked_program, "mcp", "--http", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=variables) as process:
        said: list[str] = []
        reader = Thread(target=lambda: said.extend(process.stderr))
        assert process.stderr.readline() == "Repère is starting…\n"
        assert process.stderr.readline().startswith("This machine alone may ask")
        ready = process.stderr.readline()
        reader.start()
        url = ready.removeprefix("Repère is ready: ").partition(" ")[0]
        assert url.startswith("http://localhost:")
        heard = anyio.run(converse, Client(url))
        assert Answer.model_validate(heard.answered.structured_content).citations[0].url.startswith(BASE)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        reader.join()
    # Whether it may say so before it ends is a matter of which signal handler comes first.
    assert said in ([], ["Repère has ended.\n"])


@pytest.mark.parametrize("arguments", [["mcp"], ["mcp", "--http", "--port", "0"]])
def test_a_failed_start_is_told_and_the_status_is_1(forked_program, variables, tmp_path, arguments):
    own = variables | {"REPERE_EMBEDDING_MODEL": str(tmp_path / "none")}
    command = [forked_program, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path, env=own) as process:
        said = process.stderr.readline()
        while said.startswith(("Repère is starting…", "This machine alone may ask")):
            said = process.stderr.readline()
        output, rest = process.communicate(timeout=20)
    assert said.startswith(f"repere: the embedding model '{tmp_path / 'none'}' cannot be loaded")
    assert (process.returncode, output, rest) == (1, "", "")


def assert_refused(url: str, status: int, **headers: str) -> None:
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(f"{url}/mcp", json=INITIALIZE, headers=accept | headers).status_code == status


def asked_over_http(url: str, **headers: str) -> str:
    """What a client is sent that calls `ask`."""
    call = {"name": "ask", "arguments": {"question": REFERENCE, "course": "docker"}}
    asked = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
    accept = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    return httpx.post(f"{url}/mcp", json=asked, headers=accept | headers, timeout=60).text


def test_this_machine_may_call_a_server_and_with_a_key_others_may(home, encoder, tmp_path):
    own = Settings(home=copy_home(home, tmp_path), public_url=BASE)
    app = mcp.http_app(Services(own, keeps_turns=False), BASE)
    with loading(encoder), listening(app) as url:
        assert_refused(url, 200)
        assert_refused(url, 200, Host="localhost:8000", Origin="http://localhost:8000")
        for headers in ({"Host": "cours.example"}, {"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            assert_refused(url, 401, **headers)
        assert "grant=" not in asked_over_http(url)
        key, written = new_key("", "student", frozenset({"other"}), None)
        other, of_all = new_key("", "student", None, None)
        database = Database(f"sqlite:///{own.home / 'repere.sqlite3'}")
        store_key(database, key)
        store_key(database, other)
        database.close()
        app.state.services.registry._read_at = float("-inf")
        assert_refused(url, 401)
        for forged in ("rk_forged", "rs_forged", "rl_forged"):
            assert_refused(url, 401, Authorization=f"Bearer {forged}")
        bearer = {"Authorization": f"Bearer {written}"}
        assert_refused(url, 200, Host="cours.example", Origin=BASE, **bearer)
        # No page of elsewhere may have it called, whatever it brings.
        assert_refused(url, 421, Host="evil.example", **bearer)
        assert_refused(url, 403, Origin="https://evil.example", **bearer)
        # The key's courses are all there are.
        assert "There is no course" in asked_over_http(url, **bearer)
        # Its links open without the key.
        answer = asked_over_http(url, Authorization=f"Bearer {of_all}")
        assert f"{BASE}/courses/docker/documents/introduction-docker?version=" in answer
        assert "grant=" in answer


def test_the_questions_of_a_key_are_counted(home, encoder, tmp_path):
    own = Settings(home=copy_home(home, tmp_path), public_url=BASE, rate_per_key="2/hour")
    key, written = new_key("", "student", None, None)
    database = Database(f"sqlite:///{own.home / 'repere.sqlite3'}")
    database.migrate()
    store_key(database, key)
    database.close()
    with loading(encoder), listening(mcp.http_app(Services(own, keeps_turns=False), BASE)) as url:
        said = [asked_over_http(url, Authorization=f"Bearer {written}") for _ in range(3)]
    assert ['"isError":true' in answer for answer in said] == [False, False, True]
    assert "That was a lot at once" in said[2]


def test_a_server_for_others_is_called_by_any_name(settings):
    for host, protected in (("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False)):
        security = mcp.transport_security(settings.model_copy(update={"host": host}))
        assert security.enable_dns_rebinding_protection is protected


def test_the_missing_library_is_named(repere, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, mcp.__name__)
    monkeypatch.delattr("reperage.service.mcp")
    for arguments in (["mcp"], ["mcp", "--http"]):
        assert_told_plainly(repere(*arguments), "python3 tools/environment.py --extra mcp")


def test_an_address_without_http_and_a_taken_port_are_told(repere):
    assert_told_plainly(repere("mcp", "--port", 8001), "--http")
    with listening(lambda scope, receive, send: None) as url:
        port = int(url.rpartition(":")[2])
        assert_told_plainly(repere("mcp", "--http", "--port", port), str(port), f"--port {port + 1}")
