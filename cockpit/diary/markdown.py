"""Small pieces of Markdown from text that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.events.text import one_line

# Only what would be markup: `row_f1` and `0.61 < 0.74` read better without backslashes.
_MARKUP = re.compile(
    r"[\\`*\[\]|]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=.*~)|(?<![^\W_])_|_(?!_*[^\W_])"
    r"|^(?:#+|[-+])(?=\s|$)|^(?:>|-+$|=+$)|(?<=^\d)[.)](?=\s|$)|(?<=^\d\d)[.)](?=\s|$)"
)


def escaped(text: str) -> str:
    """Text as it reads, in one line: nothing in it becomes markup, a table cell's end, HTML or a marker."""
    return _MARKUP.sub(lambda match: f"\\{match[0]}", one_line(text))


def code(text: str) -> str:
    """Text as inline code, with a fence longer than any run of backticks inside; `code_cell` is for tables."""
    plain = one_line(text).replace("<!--", "<! --").replace("-->", "-- >")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def code_cell(text: str) -> str:
    """Text as inline code in a cell of a table, which a bar would end in code too."""
    return code(text).replace("|", "\\|")


def block(lines: Sequence[str]) -> list[str]:
    """Lines as a fenced block that they cannot end."""
    safe = [one_line(line).replace("<!--", "<! --").replace("-->", "-- >") for line in lines]
    runs = (len(run) for line in safe for run in re.findall(r"`+", line))
    fence = "`" * max(3, max(runs, default=0) + 1)
    return [fence, *safe, fence]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[str] = ()) -> list[str]:
    """A pipe table; columns in `words` stand left, the others right. Cells are Markdown already."""
    rule = ["---" if heading in words else "---:" for heading in headings]
    return [f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows)]
