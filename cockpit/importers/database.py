"""SQLite files of other programs: opened without changing them, also while they are being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cockpit.events.text import one_line
from cockpit.importers.contract import NO, SURE, Item, Source, Unread

Tables = Mapping[str, frozenset[str]]  # the columns of each table

DAMAGED = (sqlite3.Error, UnicodeDecodeError)  # the second where a message of SQLite quotes what is no text
_MAGIC = b"SQLite format 3\0"
_MODES = ("mode=ro", "immutable=1")  # the second where the folder may not be written and the log lies beside the file


class Database:
    """A read-only connection whose text may hold anything."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, frozenset[str]]:
        """The names of the columns of every table."""
        names = [row[0] for row in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: frozenset(
                row[0] for row in self._connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
            )
            for name in names
        }

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows of a query, one after the other."""
        return iter(self._connection.execute(query, values))


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """The database in this file. Raises one of `DAMAGED` where it is none."""
    connection = _connected(path)
    connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    with closing(connection):
        yield Database(connection)


def _connected(path: Path) -> sqlite3.Connection:
    problem: Exception | None = None
    for mode in _MODES:
        connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return connection
        except DAMAGED as error:
            connection.close()
            problem = error
    raise problem or sqlite3.OperationalError(str(path))


def has_tables(source: Source, wanted: Tables) -> bool:
    """Whether the source is a database with these tables, each with these columns."""
    if source.is_folder or not source.head.startswith(_MAGIC):
        return False
    try:
        with opened(source.path) as database:
            found = database.tables()
    except DAMAGED:
        return False
    return all(columns <= found.get(table, frozenset()) for table, columns in wanted.items())


def items_of(source: Source, wanted: Tables, told: Callable[[Database], Iterator[Item]]) -> Iterator[Item]:
    """What a database with these tables tells, as far as it is not damaged; nothing where it is another."""
    if not has_tables(source, wanted):
        return
    try:
        with opened(source.path) as database:
            yield from told(database)
    except DAMAGED as error:
        yield Unread(0, f"damaged: {one_line(str(error))}")


@dataclass(frozen=True)
class DatabaseImporter:
    """SQLite files of one program, known by their tables. `told` gets the database and the metric to rank by."""

    name: str
    summary: str
    tables: Tables
    told: Callable[[Database, str], Iterator[Item]]

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        return SURE if has_tables(source, self.tables) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """The runs of the database. Raises `OSError`."""
        return items_of(source, self.tables, lambda database: self.told(database, source.metric))
