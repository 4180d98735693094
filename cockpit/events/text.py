"""`safe_text`: text from outside, made harmless for terminals, tables, Markdown and one-line records."""

from __future__ import annotations

import re
import unicodedata

LEAST_OF_A_PART, FEW_PARTS = 2, 3  # letters that are left of a part of a layer's name, and parts that make it one
LONGEST_LINE = 4096  # characters kept of one line; a terminal shows far fewer
MOST_COMBINING_MARKS = 3  # per base character; real scripts need no more, stacked marks overwrite other rows

# Whole sequences go, not just their first byte: "\x1b]52;c;…\x07" would leave a readable clipboard payload behind.
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one C1 character
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes, and a lone ESC
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab, newline and return; DEL; C1
    r"\u061c\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2064\u2066-\u2069\ufeff"  # direction and zero width
    r"\ud800-\udfff]"  # lone surrogates cannot be written as UTF-8
)


def safe_text(text: str | bytes, longest_line: int = LONGEST_LINE) -> str:
    """Return `text` without anything that could steer a terminal or break a layout; safe to apply twice.

    Broken UTF-8 shows as backslash escapes, escape sequences and control characters vanish (newline and tab stay),
    so do bidirectional overrides and zero-width characters, a progress bar of carriage returns keeps its last state,
    and every line is cut after `longest_line` characters.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if len(text) <= longest_line and text.isascii() and text.isprintable():
        return text
    text = _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return "\n".join(_safe_line(line, longest_line) for line in text.replace("\r\n", "\n").split("\n"))


def shortened(path: str, longest: int) -> str:
    """`enco.laye.11.atte.outp.dense` for the longer name of a layer: its parts are cut, the longest first, its numbers
    are not, because by these the layers of one model differ. Where that is not enough the middle is left out, as it is
    of a name of few parts.
    """
    parts = path.split(".")
    excess = len(path) - longest
    while excess > 0:
        place = max(range(len(parts)), key=lambda at: 0 if _has_digit(parts[at]) else len(parts[at]))
        if len(parts) < FEW_PARTS or _has_digit(parts[place]) or len(parts[place]) <= LEAST_OF_A_PART:
            front = (longest - 1) // 2
            return f"{path[:front]}…{path[front + 1 - longest :]}"
        parts[place] = parts[place][:-1]
        excess -= 1
    return ".".join(parts)


def _has_digit(part: str) -> bool:
    return any(map(str.isdigit, part))


def one_line(text: str | bytes, longest: int = LONGEST_LINE) -> str:
    """`safe_text` with newlines and tabs as spaces, for ids, table cells and headings."""
    return re.sub(r"\s+", " ", safe_text(text, longest)).strip()


def _safe_line(line: str, longest: int) -> str:
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part), "")
    if not line.isascii():
        line = _fewer_combining_marks(line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _fewer_combining_marks(line: str) -> str:
    if not any(map(unicodedata.combining, set(line))):
        return line  # a line has few different characters: a bar of blocks, an alphabet
    kept, marks = [], 0
    for character in line:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)
