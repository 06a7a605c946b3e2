"""Rows that may be there already."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, str | int | None]


def upsert(connection: Connection, table: Table, key: Sequence[str], *rows: Row, changing: Sequence[str] = ()) -> bool:
    """Insert rows; of one whose `key` is there already, only the columns `changing` are set, if any.

    Whether anything was written.
    """
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    if changing:
        values = {name: insert.excluded[name] for name in changing}
        statement = insert.on_conflict_do_update(index_elements=key, set_=values)
    else:
        statement = insert.on_conflict_do_nothing(index_elements=key)
    # Without the option, what PostgreSQL counted is not kept.
    counting = {"preserve_rowcount": True}
    return connection.execute(statement, list(rows), execution_options=counting).rowcount > 0
