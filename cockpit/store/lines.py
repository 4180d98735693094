"""Files of JSON lines to which any process may append."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record; a line that was torn before it stays a line of its own. Raises `OSError`."""
    line = json.dumps(record, ensure_ascii=False) + "\n"
    # One write for the whole line: two processes that append at once do not mix their lines.
    with path.open("ab+", buffering=0) as file:
        whole = not file.tell() or os.pread(file.fileno(), 1, file.tell() - 1) == b"\n"
        file.write(("" if whole else "\n").encode() + line.encode())
