"""A Markdown file as headings, lines of prose and blocks of logs and code, each with the number of its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.events.redaction import redacted
from cockpit.events.text import safe_text
from cockpit.printed import PrintedReader
from cockpit.printed.prefixes import strip_prefixes

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([\w+#.-]{0,40})[^`]*$")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+|(?=\*))([^ \t].*)")
_BULLET = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]")
_CODE = re.compile(
    r"from [\w.]+ import \S|import [\w.]+(?:\s*,| as |\s*(?:#.*)?$)|class \w+\s*[:(]|(?:async )?def \w+\("
    r"|@[\w.]+(?:\(.*\))?$|[}\])]+[,;]?$"
)
_INDENTED = re.compile(r"(?:[ ]{4}|\t)[ \t]*\S")
_LOGGED = re.compile(
    r"\w{1,40} Step \d{1,15},|\[RESULT\]: \w{1,40}\. Epoch|(?:params|grad) info |Parameter Group \d+$"
    r"|(?i:epoch|step|iter(?:ation)?)\W{0,3}\d.{0,120}?\b(?i:loss)['\"]?\s?[:=]?\s?\d|\{'\w{0,10}loss': \d"
)
_GOES_ON = (",", ":")  # how a line of a log ends that was wrapped
_ESCAPE = re.compile(r"\\([_*+.#()\[\]!-])")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?![\s*])|(?<=[^\s*])\*{1,3}(?![\w*])")
_LOG_LANGUAGES = ("", "log", "text", "txt", "console", "output", "plain", "plaintext", "none")
_LONGEST_LINE = 16_384  # characters, as many as a log may have


@dataclass(frozen=True, slots=True)
class Heading:
    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """One line that is not empty. `paragraph` numbers paragraphs, `depth` is how far the line is indented."""

    line: int
    text: str
    paragraph: int
    depth: int = 0

    @property
    def is_bullet(self) -> bool:
        """Whether it begins an item of a list."""
        return _BULLET.match(self.text) is not None


@dataclass(slots=True)
class Block:
    """Lines of a fence, or lines outside of fences that are plainly a log or code. `line` is that of the first one."""

    line: int
    language: str = ""
    lines: list[str] = field(default_factory=list)
    is_log: bool = False
    is_fenced: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


Part = Heading | Prose | Block


def plain(text: str) -> str:
    """What a line reads as: no emphasis, and no backslashes before characters that need none.

    Secrets are looked for once more: marks may have stood inside of what they are known by.
    """
    return redacted(_EMPHASIS.sub("", _ESCAPE.sub(r"\1", text)).strip())


def parts_of(text: str) -> Iterator[Part]:
    """The parts of a document, in order. Every line is made safe and loses its secrets."""
    outside = _Outside()
    fence, mark, indent = None, "", ""
    if "PRIVATE KEY-----" in text:  # the one secret that reaches over several lines
        text = redacted(text)
    lines = (redacted(safe_text(line, _LONGEST_LINE)) for line in _lines(text))
    for number, line in enumerate(lines, 1):
        found = _FENCE.match(line)
        if fence is not None:
            if found and found[2].startswith(mark) and not found[3]:
                yield _judged(fence)
                fence = None
            else:
                fence.lines.append(line.removeprefix(indent))
        elif found:
            yield from outside.flush()
            indent, mark = found[1], found[2]
            fence = Block(number + 1, found[3].lower(), is_fenced=True)
        else:
            yield from outside.take(number, line)
    yield from outside.flush()
    if fence is not None:
        yield _judged(fence)


def _lines(text: str) -> Iterator[str]:
    """The lines one by one, without a copy of all of them."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end].removesuffix("\r")
        start = end + 1
    yield text[start:]


class _Outside:
    """Lines outside of fences, one by one: blocks are kept until they end."""

    def __init__(self) -> None:
        self._paragraph = 0
        self._listing = False
        self._block: Block | None = None

    def take(self, number: int, line: str) -> Iterator[Part]:
        """The parts that this line completes."""
        if not line.strip():
            self._paragraph += 1
            if self._block is not None and not self._block.is_log:
                self._block.lines.append("")
            return
        kind = self._kind(line)
        if self._block is not None and kind != ("log" if self._block.is_log else "code"):
            yield from self.flush()
        if kind == "heading":
            self._listing = False
            yield from _heading(number, line)
        elif kind == "prose":
            yield Prose(number, line.strip(), self._paragraph, len(line) - len(line.lstrip()))
        else:
            self._block = self._block or Block(number, is_log=kind == "log")
            self._block.lines.append(line)

    def flush(self) -> Iterator[Part]:
        """The block that is not finished."""
        block, self._block = self._block, None
        if block is not None:
            while not block.lines[-1]:
                block.lines.pop()
            yield block

    def _kind(self, line: str) -> str:
        if _HEADING.match(line) and not (self._in_code and line.startswith("# ")):
            return "heading"
        if self._is_logged(line):
            return "log"
        if _BULLET.match(line):
            self._listing = True
            return "prose"
        if _INDENTED.match(line):
            return "prose" if self._listing else "log" if self._in_log else "code"
        self._listing = False
        return "code" if _CODE.match(line) else "prose"

    def _is_logged(self, line: str) -> bool:
        if _LOGGED.match(strip_prefixes(line).text.strip()):
            return True
        block = self._block if self._in_log else None
        return block is not None and (line == "..." or block.lines[-1].rstrip().endswith(_GOES_ON))

    @property
    def _in_log(self) -> bool:
        return self._block is not None and self._block.is_log

    @property
    def _in_code(self) -> bool:
        """Whether the line before was code, so that a comment there is no heading."""
        return self._block is not None and not self._block.is_log and bool(self._block.lines[-1])


def _heading(number: int, line: str) -> Iterator[Heading]:
    found = _HEADING.match(line)
    text = found[2].rstrip("#` \t") if found else ""
    if found and text:
        yield Heading(number, len(found[1]), text)


def _judged(block: Block) -> Block:
    """A block that knows whether it is a log: one in which something is read that was measured."""
    block.is_log = block.language in _LOG_LANGUAGES and _says_something(block.lines)
    return block


def _says_something(lines: list[str]) -> bool:
    reader = PrintedReader()
    found = (event for line in lines for event in reader.feed(f"{line}\n".encode()))
    return any(event.kind != "note" for event in found) or any(event.kind != "note" for event in reader.close())
