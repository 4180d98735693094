"""From a paragraph to its sentences, and from a sentence to its words. Standard library only."""

from __future__ import annotations

import re

SHORTEST = 10  # characters of a sentence that is kept
LONGEST = 200  # characters after which a sentence is cut

_ENDS = re.compile(r"(?<=[.?!;\n])")


def split_sentences(text: str) -> list[str]:
    """The pieces behind each `.`, `?`, `!`, `;` and line end, stripped.

    Pieces of fewer than `SHORTEST` characters are left out, and those of more than `LONGEST` are cut into pieces of so
    many (what remains at the end may again be too short to be kept).
    """
    pieces = (piece.strip() for piece in _ENDS.split(text))
    cut = (piece[start : start + LONGEST].strip() for piece in pieces for start in range(0, len(piece), LONGEST))
    return [piece for piece in cut if len(piece) >= SHORTEST]


def split_words(sentence: str) -> list[str]:
    """The words between blanks, each wrapped as `<word>`; hyphens and slashes begin a new one and belong to it."""
    spaced = sentence.replace("//", " /").replace("/", " /").replace("-", " -")
    return [f"<{word}>" for word in spaced.split()]
