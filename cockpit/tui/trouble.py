"""Where tracebacks go while the screen belongs to the cockpit."""

from __future__ import annotations

import io
import os
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.events.redaction import redacted

if TYPE_CHECKING:
    from rich.console import Console

MOST_BYTES = 1 << 20

_newest = [""]


def log_path() -> Path:
    """`cockpit/tui.log` in the user's state folder."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "cockpit" / "tui.log"


def keep_traceback(error: BaseException) -> None:
    """Append an exception to the log, once where the same comes again and again."""
    text = redacted("".join(traceback.format_exception(error)))
    if text != _newest[0]:
        _newest[0] = text
        _append(f"{datetime.now().isoformat(timespec='seconds')}\n{text}\n")


def no_console() -> Console:
    """Where Textual shall write of an error that ended the app: its own words have the values of all variables."""
    from rich.console import Console  # takes a while to import, and reading begins before

    return Console(file=io.StringIO(), quiet=True)


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
