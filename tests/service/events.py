"""Server-sent events as a client reads them."""

import json
from collections.abc import Iterator

import httpx

STREAM = {"Accept": "text/event-stream"}


def events(response: httpx.Response) -> Iterator[tuple[str, dict]]:
    """The events of a streamed response, name and data, comments left out; each one as soon as it is there."""
    name, data = "", ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")
        elif line == "" and name:
            yield name, json.loads(data)
            name, data = "", ""
        else:
            assert line == "" or line.startswith(":"), line


def streamed(client: httpx.Client, question: str, **fields: object) -> list[tuple[str, dict]]:
    """Ask, and return every event of the answer."""
    body = {"question": question, **fields}
    with client.stream("POST", "/v1/ask", json=body, headers=STREAM) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events(response))
