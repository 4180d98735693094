"""Where tracebacks go while the screen belongs to the cockpit."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path

MOST_BYTES = 1 << 20


def log_path() -> Path:
    """`cockpit/tui.log` in the user's state folder."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "cockpit" / "tui.log"


def keep_traceback() -> None:
    """Append the exception that is being handled to the log; a log that cannot be written is not worth an error."""
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MOST_BYTES:
            path.unlink()
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().isoformat(timespec='seconds')}\n{traceback.format_exc()}\n")
    except OSError:
        pass
