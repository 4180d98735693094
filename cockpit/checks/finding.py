"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

OK, REMARK, UNKNOWN, WARNING, LEAK = "ok", "remark", "unknown", "warning", "leak"
LEVELS = (OK, REMARK, UNKNOWN, WARNING, LEAK)
GLYPHS = {OK: "ok", REMARK: "–", UNKNOWN: "?", WARNING: "⚠", LEAK: "✗"}


class Finding(NamedTuple):
    """The result of one check in one line. `trials` are the trials that it is about, none where it is about all.

    `level` is `ok`, `remark` (worth knowing, and meant so), `unknown` (it could not be checked), `warning`, or `leak`:
    the score cannot be had on new data.
    """

    check: str
    level: str
    text: str
    trials: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return self.level in (WARNING, LEAK)


def any_bad(findings: Iterable[Finding]) -> bool:
    """Whether a person should look at one of them."""
    return any(finding.is_bad for finding in findings)


def listed(names: Iterable[str], most: int = 5) -> str:
    """`t001, t002 and 3 more`."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
