"""Files of JSON lines to which any process may append."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.events.codec import encodable


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record without its secrets; a line that was torn before it stays one of its own. Raises `OSError`."""
    line = json.dumps(encodable(record), ensure_ascii=False) + "\n"
    # One write for the whole line: two processes that append at once do not mix their lines.
    with path.open("ab+", buffering=0) as file:
        whole = not file.tell() or os.pread(file.fileno(), 1, file.tell() - 1) == b"\n"
        file.write(("" if whole else "\n").encode() + line.encode())
