"""While an engine runs, whatever it and its libraries print goes to `engine.log`; only the view owns the terminal."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def into_log(path: Path) -> Iterator[TextIO]:
    """Point file descriptors 1 and 2, and Python's own streams with them, at `path`; yield the real standard output.

    On the level of descriptors, because Ray and C libraries print below Python.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept_out, kept_err = os.dup(1), os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    terminal = os.fdopen(os.dup(kept_out), "w", encoding=sys.stdout.encoding or "utf-8", errors="replace")
    python_out, python_err = sys.stdout, sys.stderr
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout = sys.stderr = os.fdopen(log, "w", buffering=1, encoding="utf-8", errors="replace")
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            yield terminal
    finally:
        logging.captureWarnings(False)
        sys.stdout.flush()
        os.dup2(kept_out, 1)
        os.dup2(kept_err, 2)
        log_stream, sys.stdout, sys.stderr = sys.stdout, python_out, python_err
        log_stream.close()
        terminal.close()
        os.close(kept_out)
        os.close(kept_err)
