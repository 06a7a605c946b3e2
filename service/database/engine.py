"""The database that outlives the process: SQLite in `REPERE_HOME`, or PostgreSQL by its address."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError

from reperage.service.database.tables import REVISION
from reperage.service.errors import StartError, StateRefused, StateUnavailable
from reperage.service.optional_imports import install_command
from reperage.service.settings import Settings

FILE = "repere.sqlite3"
_WAIT_SECONDS = 1
"""How long a statement waits for a lock: a question waits for it too."""
_MIGRATING_SECONDS = 30
_MIGRATIONS = Path(__file__).with_name("migrations")
_MIGRATING = 7245111
"""The number of the lock that one process at a time migrates under, chosen once."""


class Database:
    """One database; for any number of threads. Nothing is opened before it is used."""

    def __init__(self, url: str) -> None:
        """`url`: as SQLAlchemy writes it.

        Raises:
            StartError: it is no address of SQLite or PostgreSQL, or the driver is missing.
        """
        self.url = _parse(url)
        # A password may stand in the query as well.
        self.name = self.url.set(query={}).render_as_string(hide_password=True)
        self._engine = _engine(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection within a transaction that only reads.

        Raises:
            StateUnavailable: it cannot be reached, is locked or full, or lacks its tables.
        """
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection within a transaction that is committed at the end of the block.

        Raises:
            StateUnavailable: as `reading`; then nothing of the block is kept. `StateRefused`: a row is at fault.
        """
        # The option makes SQLite take its lock at once: a later upgrade of a reading transaction cannot wait.
        with self._translated(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to what this program needs; nothing where they are that already.

        Raises:
            StateUnavailable: it cannot be reached, or was written by a newer program.
        """
        if self.is_current():
            return
        if self._file is None:
            self._upgrade()
            return
        self._make(self._file)
        try:
            with FileLock(f"{self._file}.lock", timeout=_MIGRATING_SECONDS):
                self._turn_wal_on()
                self._upgrade()
        except Timeout as error:
            raise StateUnavailable(f"another process migrates {self.name}") from error

    def _turn_wal_on(self) -> None:
        """Let readers and the writer not wait for each other: the file remembers it, and who switches must be alone."""
        try:
            with self._translated(), closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.Error as error:
            raise StateUnavailable(f"the database {self.name} cannot be used: {error}") from error

    def _upgrade(self) -> None:
        from alembic import command  # Ten megabytes that are not needed again.
        from alembic.util import CommandError

        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                # The limits are those of questions; a table that has grown takes longer to change.
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_MIGRATING_SECONDS}s'")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
            try:
                command.upgrade(_alembic(connection), "head")
            except CommandError as error:
                raise StateUnavailable(
                    f"the database {self.name} was written by a newer Repère ({error}); update Repère, or set "
                    "REPERE_DATABASE_URL to another"
                ) from error

    def is_current(self) -> bool:
        """Whether the tables are what this program needs.

        Raises:
            StateUnavailable: it cannot be reached.
        """
        if self._file is not None and not self._file.is_file():
            return False
        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return False
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == REVISION

    def close(self) -> None:
        self._engine.dispose()

    @property
    def _file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database) if self.url.database and self.url.get_backend_name() == "sqlite" else None

    @staticmethod
    def _make(file: Path) -> None:
        """An empty file that its owner alone may read: what students asked will stand in it."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise StateUnavailable(f"{str(file)!r} cannot be made: {error.strerror}") from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            kind = StateRefused if isinstance(error, DataError | IntegrityError) else StateUnavailable
            raise kind(f"the database {self.name} cannot be used: {_reason(error)}") from error


def database_of(settings: Settings) -> Database:
    """The database that the settings name."""
    if settings.database_url is not None:
        return Database(settings.database_url.get_secret_value())
    return Database(URL.create("sqlite", database=str(settings.home / FILE)).render_as_string())


@contextmanager
def existing_database(settings: Settings) -> Iterator[Database | None]:
    """The same for a moment; `None` where its file was never made, which is not made for that."""
    if settings.database_url is None and not (settings.home / FILE).exists():
        yield None
        return
    with closing(database_of(settings)) as database:
        yield database


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise StartError(
            "REPERE_DATABASE_URL is no address of a database; write it as sqlite:////data/repere.sqlite3 or "
            "postgresql://user:password@host/name"
        ) from error
    # SQLAlchemy would take the older driver for an address that names none.
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    try:
        if backend == "sqlite":
            engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS})
            event.listen(engine, "connect", _open_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        if backend == "postgresql":
            milliseconds = _WAIT_SECONDS * 1000
            options = f"-c lock_timeout={milliseconds} -c statement_timeout={5 * milliseconds}"
            # A server that is gone without a word is noticed by TCP alone.
            arguments = {
                "connect_timeout": 2 * _WAIT_SECONDS,
                "options": options,
                "tcp_user_timeout": 5 * milliseconds,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
            }
            return create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_timeout=_WAIT_SECONDS)
    except ImportError as error:
        raise StartError(f"for PostgreSQL a driver is needed: {install_command('postgresql')}") from error
    raise StartError(f"REPERE_DATABASE_URL names {backend!r}; Repère keeps its state in SQLite or PostgreSQL")


def _open_sqlite(connection: Any, record: object) -> None:
    # The driver begins transactions at its own choice and none for CREATE TABLE: from here on we do.
    connection.isolation_level = None
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _alembic(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _reason(error: SQLAlchemyError) -> str:
    """What the driver said, without the statement: that holds a person's question."""
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
