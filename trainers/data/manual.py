"""The language reference that every Python brings along, as paragraphs of English that need no download."""

from __future__ import annotations

import re

from trainers.contract import InputError

_BLANK_LINE = re.compile(r"\n\s*\n")
_UNDERLINE = re.compile(r"[*=\-~^\"+ ]+")
_ITEM = re.compile(r"^(?:\* |\d+\. )")
_MARKS = re.compile(r"\*\*|[\"“”]|\(\*note [^)]*\)")
# The share of letters and blanks in prose; grammar, code and tables have less.
_PROSE = 0.85


def manual() -> dict[str, list[str]]:
    """Paragraphs of prose by topic. They differ between versions of Python; each has its own fingerprint.

    Raises `InputError` where a distribution has left the module out.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise InputError("this Python comes without pydoc_data; give a folder of texts with --data") from error
    return {name: [text for text in map(_prose, _BLANK_LINE.split(topics[name])) if text] for name in sorted(topics)}


def _prose(block: str) -> str:
    """A paragraph on one line without its marks, or nothing for headings, grammar, code and tables."""
    lines = block.strip().split("\n")
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1].strip()):
        return ""
    text = _MARKS.sub("", _ITEM.sub("", " ".join(" ".join(lines).split())))
    letters = sum(character.isalpha() or character == " " for character in text)
    is_prose = text[-1:] in (".", ":", "!", "?") and letters >= _PROSE * len(text) and ">>>" not in text
    return text if is_prose else ""
