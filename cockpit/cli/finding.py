"""What `cockpit doctor` finds."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that was checked. `level` is `ok`, `note` or `bad`; only `bad` makes the doctor fail."""

    what: str
    level: str
    says: str
