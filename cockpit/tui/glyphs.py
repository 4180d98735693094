"""What stands for a status: a glyph, a word and a colour, so that no one of them is the only sign."""

from __future__ import annotations

import locale
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_NAMES = (
    "running queued waiting paused finished pruned stopped failed diverged interrupted lost broken silent".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Glyphs:
    """The characters of one kind of terminal."""

    status: Mapping[str, str]
    baseline: str
    mark: str
    blocks: str
    ellipsis: str
    ascii: bool

    def of(self, status: str) -> str:
        """`● running`."""
        return f"{self.status.get(status, '?')} {status}"


UNICODE = Glyphs(dict(zip(_NAMES, "●◷◌‖✓✂■✗≁■✗✗?", strict=True)), "◆", "▌", "▁▂▃▄▅▆▇█", "…", ascii=False)
ASCII = Glyphs(dict(zip(_NAMES, "*qo=+x#!~#!!?", strict=True)), "B", "|", "_.,-=+*#", "~", ascii=True)

# In Textual's language of styles; the colours are the theme's.
_STYLES: Mapping[str, str] = {
    "running": "$success",
    "queued": "$accent",
    "waiting": "dim",
    "paused": "$warning",
    "pruned": "dim",
    "stopped": "$warning",
    "failed": "$error",
    "diverged": "$error",
    "interrupted": "$warning",
    "lost": "$error",
    "broken": "$error",
    "silent": "$warning",
}


def status_style(status: str) -> str:
    """How a status is written, for tables."""
    return _STYLES.get(status, "")


def glyphs_for(ascii_wanted: bool | None) -> Glyphs:
    """The set that was asked for, or the one that this terminal's encoding can show."""
    if ascii_wanted is None:
        # In the locale C Python itself writes UTF-8, which says nothing of the terminal.
        encodings = (getattr(sys.__stdout__, "encoding", None) or "", locale.getencoding())
        ascii_wanted = any("utf" not in encoding.lower() for encoding in encodings if encoding)
    return ASCII if ascii_wanted else UNICODE
