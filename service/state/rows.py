"""Rows that may be there already."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, str | int | None]


def upsert(connection: Connection, table: Table, key: Sequence[str], *rows: Row, changing: Sequence[str] = ()) -> None:
    """Insert rows; of one whose `key` is there already, only the columns `changing` are set, if any."""
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    if changing:
        changed = {name: new.excluded[name] for name in changing}
        connection.execute(new.on_conflict_do_update(index_elements=key, set_=changed), list(rows))
    else:
        connection.execute(new.on_conflict_do_nothing(index_elements=key), list(rows))
