"""Where tracebacks go while the screen belongs to the cockpit."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rich.console import Console

MOST_BYTES = 1 << 20
WIDTH = 120  # of what Textual writes

_newest = [""]


def log_path() -> Path:
    """`cockpit/tui.log` in the user's state folder."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "cockpit" / "tui.log"


def keep_traceback() -> None:
    """Append the exception that is being handled to the log, once where the same comes again and again."""
    text = traceback.format_exc()
    if text != _newest[0]:
        _newest[0] = text
        _append(f"{datetime.now().isoformat(timespec='seconds')}\n{text}\n")


def trouble_console() -> Console:
    """Where Textual shall write what it would write onto the terminal after an error that ended the app."""
    from rich.console import Console  # takes a while to import, and reading begins before

    return Console(file=cast(IO[str], _Log()), width=WIDTH, color_system=None, markup=False)


class _Log:
    """The log as a file that is opened only when there is something to write."""

    def write(self, text: str) -> int:
        _append(text)
        return len(text)

    def flush(self) -> None:
        """All is written already."""


def _append(text: str) -> None:
    """A log that cannot be written is not worth an error."""
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MOST_BYTES:
            path.unlink()
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        pass
