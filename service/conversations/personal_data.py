"""Everything that is kept about one person, as one JSON object that is written while it is read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reperage.service.clock import now, rfc3339
from reperage.service.database.engine import Database
from reperage.service.database.people import conversations_of, jobs_of, opinions_of, slack_questions_of, turns_in
from reperage.service.database.turns import Turn

_PIECE = 64_000
"""Characters that are sent at once, unless one answer has more."""
_TIMES = ("asked_at", "begun_at", "last_at", "given_at", "made_at", "started_at", "ended_at")


def export(database: Database | None, person: str | None, waiting: Sequence[Turn]) -> Iterator[str]:
    """The object in pieces, which together are `PersonData`; blocks.

    `person`: `None` for nobody, of whom nothing is kept. `waiting`: turns that are not in the database, or were not
    a moment ago. The second piece is the first that needs the database.

    Raises:
        StateUnavailable: the database cannot be read.
    """
    yield f'{{"person":{_json(person)},"exported_at":{_json(rfc3339(now()))}'
    yield from _larger(_lists(database, person, waiting))


def _lists(database: Database | None, person: str | None, waiting: Sequence[Turn]) -> Iterator[str]:
    source = database if person else None
    yield from _list("conversations", _conversations(source, person or "", waiting))
    for name, read, columns in (
        ("feedback", opinions_of, ("answer_id", "conversation_id", "course", "rating", "reason", "given_at")),
        ("slack_questions", slack_questions_of, ("team", "channel", "ts", "question", "answer_id", "ended_at")),
        ("jobs", jobs_of, ("id", "course", "kind", "document_id", "status", "made_at", "started_at", "ended_at")),
    ):
        rows = read(source, person or "") if source is not None else ()
        yield from _list(name, ([_json(_fields(row, columns))] for row in rows))
    yield "}"


def _conversations(database: Database | None, person: str, waiting: Sequence[Turn]) -> Iterator[Iterable[str]]:
    """Each conversation in pieces; what waits stands at its end."""
    by_name: dict[str, list[Turn]] = {}
    for turn in waiting:
        by_name.setdefault(turn.answer.conversation_id, []).append(turn)
    for row in conversations_of(database, person) if database is not None else ():
        own = by_name.pop(row.id, [])
        yield _conversation(database, _fields(row, ("id", "course", "begun_at", "last_at")), own)
    for name, own in by_name.items():
        times = {"begun_at": rfc3339(own[0].asked_at), "last_at": rfc3339(own[-1].asked_at)}
        yield _conversation(None, {"id": name, "course": own[0].answer.course} | times, own)


def _conversation(database: Database | None, fields: dict[str, Any], waiting: Sequence[Turn]) -> Iterator[str]:
    yield _json(fields)[:-1] + ',"turns":['
    known, comma = set[str](), ""
    for row in turns_in(database, fields["id"]) if database is not None else ():
        known.add(row.answer_id)
        yield f'{comma}{{"asked_at":{_json(rfc3339(row.asked_at))},"answer":{row.answer}}}'
        comma = ","
    for turn in waiting:
        if turn.answer.id not in known:
            answer = turn.answer.as_json
            yield f'{comma}{{"asked_at":{_json(rfc3339(turn.asked_at))},"answer":{answer}}}'
            comma = ","
    yield "]}"


def _list(name: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f',"{name}":['
    for i, pieces in enumerate(items):
        if i:
            yield ","
        yield from pieces
    yield "]"


def _larger(pieces: Iterable[str]) -> Iterator[str]:
    buffer: list[str] = []
    length = 0
    for piece in pieces:
        buffer.append(piece)
        length += len(piece)
        if length >= _PIECE:
            yield "".join(buffer)
            buffer, length = [], 0
    yield "".join(buffer)


def _fields(row: Any, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: rfc3339(value) if name in _TIMES and value is not None else value for name, value in values.items()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
