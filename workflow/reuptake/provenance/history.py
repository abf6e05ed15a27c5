"""The tables and the record of the previous successful run, in one small file beside them.

It is no input of any rule: without it the results are the same, and only what moved is unknown.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

STORE = Path("changes") / "history.sqlite"
_SCHEMA = """
create table if not exists run (id integer primary key check (id = 1), record blob not null);
create table if not exists result (name text primary key, content blob not null);
"""


@dataclass(frozen=True)
class Snapshot:
    """What a successful run left.

    Attributes
    ----------
    record : dict
        The record of the run, as provenance/run.json has it.
    tables : mapping of str to bytes
        Contents of its tables by their names without ``.csv``.
    """

    record: dict
    tables: Mapping[str, bytes]


def read(path: Path) -> Snapshot | None:
    """The snapshot in a store; None where there is none, or it cannot be read."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(path)) as store:
            row = store.execute("select record from run").fetchone()
            tables = dict(store.execute("select name, content from result order by name"))
        if row is None:
            return None
        record = json.loads(zlib.decompress(row[0]))
        return Snapshot(record, {name: zlib.decompress(blob) for name, blob in tables.items()})
    except (sqlite3.Error, zlib.error, ValueError, TypeError):
        return None


def write(path: Path, snapshot: Snapshot) -> None:
    """Put a snapshot in the place of the one before; all of it, or nothing.

    A store that cannot be read is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(path, snapshot)
    except sqlite3.DatabaseError:
        path.unlink()
        _write(path, snapshot)


def _write(path: Path, snapshot: Snapshot) -> None:
    record = zlib.compress(json.dumps(snapshot.record).encode(), 1)
    tables = [(name, zlib.compress(content, 1)) for name, content in snapshot.tables.items()]
    with closing(sqlite3.connect(path)) as store:
        store.executescript(_SCHEMA)
        with store:
            store.execute("delete from result")
            store.execute("insert or replace into run values (1, ?)", (record,))
            store.executemany("insert into result values (?, ?)", tables)
