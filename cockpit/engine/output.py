"""Where output goes: that of an engine and its libraries to `engine.log`, that of a trial to its `output.log`."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@contextmanager
def into_log(path: Path) -> Iterator[TextIO]:
    """Point file descriptors 1 and 2, and Python's own streams with them, at `path`; yield the real standard output.

    On the level of descriptors, because Ray and C libraries print below Python. Only the view owns the terminal then.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept_out, kept_err = os.dup(1), os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    terminal = os.fdopen(os.dup(kept_out), "w", encoding=sys.stdout.encoding or "utf-8", errors="replace")
    python_out, python_err = sys.stdout, sys.stderr
    os.dup2(log, 1)
    os.dup2(log, 2)
    log_stream = os.fdopen(log, "w", buffering=1, encoding="utf-8", errors="replace")
    sys.stdout = sys.stderr = log_stream
    try:
        with warnings.catch_warnings():  # libraries change the filters
            yield terminal
    finally:
        sys.stdout, sys.stderr = python_out, python_err
        os.dup2(kept_out, 1)
        os.dup2(kept_err, 2)
        os.close(kept_out)
        os.close(kept_err)
        for stream in (log_stream, terminal):
            try:
                stream.close()
            except OSError:
                pass  # the disk is full, or nobody reads the pipe any more


class _Unfailing(io.FileIO):
    """Drops what a full disk does not take: output is not worth a trial."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


def unfailing(descriptor: int) -> TextIO:
    """A stream over a descriptor, flushed with every line because people follow it, whose writes never fail."""
    raw = _Unfailing(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True)
