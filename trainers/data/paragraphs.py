"""Paragraphs from text files as people have them: WikiText, extracted Wikipedia dumps, Project Gutenberg, plain text.

Nothing here imports torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trainers.contract import InputError

ENDINGS = (".txt", ".text", ".tokens", ".raw")
SHORTEST = 32  # characters of a paragraph that is kept

_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_HEADING = re.compile(r"^ *=+ .* =+ *$", re.MULTILINE)
_BOOK_BEGINS = re.compile(r"^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG.*$", re.MULTILINE)
_BOOK_ENDS = re.compile(r"^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG.*$", re.MULTILINE)
_BEFORE_MARK = re.compile(r" (?=(?:[.,;:?!)\]%]|'s?\b))")


def read_paragraphs(place: Path) -> dict[str, list[str]]:
    """The paragraphs of each text file of a folder, or of one file, by its name, in the order of names.

    Files in folders below are read as well. Raises `InputError` when there are none, or one is not UTF-8.
    """
    if not place.exists():
        raise InputError(f"{place} does not exist: --data needs a folder with text files ({', '.join(ENDINGS)})")
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.suffix in ENDINGS)
    if not files:
        raise InputError(f"{place} has no text files: put files ending in {', '.join(ENDINGS)} into it")
    root = place.parent if place.is_file() else place
    return {str(file.relative_to(root)): list(paragraphs(_read(file))) for file in files}


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of one file's text, each on one line.

    WikiText has one on each line, headings between ` = ` signs, and its own way of writing marks, which is undone. In
    every other text blank lines lie between paragraphs, whose lines may be wrapped, as in Project Gutenberg's books (of
    which only what lies between the marks of beginning and end is taken) and in `utf8_dump` files. A text without
    blank lines has a paragraph on each line. Those of fewer than `SHORTEST` characters are left out.
    """
    text = text.replace("\r\n", "\n")
    if _HEADING.search(text):
        found = (_as_written(line) for line in text.split("\n") if not _HEADING.match(line))
    else:
        body = _book(text)
        separator = _BLANK_LINES if _BLANK_LINES.search(body.strip()) else re.compile("\n")
        found = (" ".join(piece.split()) for piece in separator.split(body))
    return (paragraph for paragraph in found if len(paragraph) >= SHORTEST)


def _book(text: str) -> str:
    begins, ends = _BOOK_BEGINS.search(text), _BOOK_ENDS.search(text)
    return text[begins.end() if begins else 0 : ends.start() if ends else len(text)]


def _as_written(line: str) -> str:
    """A line of WikiText as it stood in Wikipedia, without the words that WikiText calls unknown."""
    line = line.replace(" @-@ ", "-").replace(" @,@ ", ",").replace(" @.@ ", ".").replace("<unk>", "")
    line = _BEFORE_MARK.sub("", " ".join(line.split()))
    return line.replace("( ", "(").replace("[ ", "[")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}): convert it, e.g. with iconv") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
