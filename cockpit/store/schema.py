"""The tables of `index.db`, to be read with the stock `sqlite3` shell too.

A value that is not a number (NaN) stands as NULL, because SQLite has no NaN; a value that was never reported has no
row. Everything in here can be made again from the run folder.
"""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

VERSION = 5

TABLES = """
CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;  -- values are JSON

CREATE TABLE trial (
    id TEXT PRIMARY KEY, number INTEGER, attempt INTEGER DEFAULT 1, baseline INTEGER DEFAULT 0, status TEXT,
    reason TEXT DEFAULT '', rule TEXT DEFAULT '', evaluation INTEGER, value REAL, threshold REAL, rank INTEGER,
    "of" INTEGER, error TEXT DEFAULT '', traceback TEXT DEFAULT '', seed INTEGER, config TEXT DEFAULT '{}',
    effective TEXT DEFAULT '{}', digest TEXT DEFAULT '', device TEXT DEFAULT '', total_steps INTEGER DEFAULT 0,
    started REAL, ended REAL,
    trivial TEXT DEFAULT '{}',  -- scores without a model, by metric
    frozen TEXT DEFAULT '{}',  -- the tensors that are not trained: how many, of how many, and a few names
    extra TEXT DEFAULT '{}',  -- what its start says beyond that, such as its author's name for it
    changed INTEGER DEFAULT 0  -- the number of the look at the run folder that last brought something of this trial
) WITHOUT ROWID;
CREATE INDEX trial_changed ON trial (changed);

CREATE TABLE metric (id INTEGER PRIMARY KEY, kind TEXT, phase TEXT, name TEXT, UNIQUE (kind, phase, name));

CREATE TABLE step (  -- one row per logged step (kind 'step') or evaluation (kind 'eval')
    trial INTEGER, kind TEXT, phase TEXT, step INTEGER, epoch INTEGER, time REAL,
    data REAL, compute REAL, optimizer REAL, record REAL,  -- seconds that one step spent on each
    PRIMARY KEY (trial, kind, phase, step)
) WITHOUT ROWID;

CREATE TABLE point (  -- one row per value; NULL is NaN
    trial INTEGER, metric INTEGER, step INTEGER, value REAL, PRIMARY KEY (trial, metric, step)
) WITHOUT ROWID;

CREATE TABLE latest (  -- the newest value of each metric
    trial INTEGER, metric INTEGER, step INTEGER, value REAL, PRIMARY KEY (trial, metric)
) WITHOUT ROWID;

CREATE TABLE norm (
    trial INTEGER, step INTEGER, "group" TEXT, param_mean REAL, param_std REAL, grad_mean REAL, grad_std REAL,
    grad_max REAL, nonfinite INTEGER, update_ratio REAL,
    largest TEXT,  -- the tensor with grad_max
    zero INTEGER, unchanged INTEGER,  -- how many tensors have no gradient, or one and no change
    names TEXT,  -- of tensors that zero, unchanged and nonfinite count, as JSON
    PRIMARY KEY (trial, step, "group")
) WITHOUT ROWID;

CREATE TABLE saved (trial INTEGER, label TEXT, step INTEGER, path TEXT, PRIMARY KEY (trial, label, path)) WITHOUT ROWID;

CREATE TABLE command (  -- what a person asked of the running sweep, and what became of it
    id TEXT PRIMARY KEY, name TEXT, trial TEXT, settings TEXT, who TEXT, state TEXT, text TEXT, at REAL
) WITHOUT ROWID;

CREATE TABLE other (  -- notes, lost events, kinds unknown here: kept as they came
    trial INTEGER, kind TEXT, data TEXT
);

CREATE TABLE source (path TEXT PRIMARY KEY, offset INTEGER, unread INTEGER DEFAULT 0) WITHOUT ROWID;
"""


def create(path: Path) -> sqlite3.Connection:
    """Open the index for its one writer, making it when it is not there, of another version, or no database."""
    try:
        connection = _open_for_writing(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        remove(path)
        connection = _open_for_writing(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.close()
            remove(path)
            connection = _open_for_writing(path)
        # In one transaction, so that a reader never finds tables without their version. The number of the application
        # tells one index from another that took its place.
        number = random.randrange(1, 2**31)
        pragmas = f"PRAGMA application_id = {number}; PRAGMA user_version = {VERSION};"
        connection.executescript(f"BEGIN; {TABLES} {pragmas} COMMIT;")
    return connection


def _open_for_writing(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # The run folder is the truth: after a power cut the index is simply made again.
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;")
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing index for reading. Raises `sqlite3.OperationalError` when there is none."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.executescript("PRAGMA query_only = 1; PRAGMA busy_timeout = 5000;")
    connection.row_factory = sqlite3.Row
    return connection


def remove(path: Path) -> None:
    """Delete an index with its side files."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
