"""What Ray Tune prints of single trials: results and settings in blocks of one line each, and how a trial ended.

    Result for train_a1b2_00000:                  │ Trial train_a1b2_00000 result    │
      loss: 0.45                                  ├──────────────────────────────────┤
      training_iteration: 3                       │ training_iteration             3 │

A frame shows five decimals, so that a small number becomes `0.`: such a cell is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cockpit.importers.ray_tables import Other, Row

RESULT, CONFIG = "result", "config"
_RESULT = re.compile(r"Result for (\S{1,200}):$")
_OF_RESULT = re.compile(r"((?: {2}){1,20})([^\s:]{1,200}):(?: (\S.{0,400}))?$")
_FRAME = re.compile(r"[|│] Trial (\S{1,200}) (result|config) {1,400}[|│]$")
_OF_FRAME = re.compile(r"[|│] (\S{1,200}) {2,400}(\S.{0,400}?) {1,400}[|│]$")
_EMPTY = re.compile(r"[|│] \S{1,200} {2,800}[|│]$")
_LOST = re.compile(r"-?0\.")
_SAID = re.compile(r"Trial \S{1,200} (?:started with configuration:|finished iteration \d{1,12} at |completed\.)")
_ENDED = re.compile(r"Trial (\S{1,200}) (completed|errored) after \d{1,12} iterations at ")
_STATUSES = {"completed": "TERMINATED", "errored": "ERROR"}
_MOST_CELLS = 1000


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of a trial's `result` or `config`, and the number of its first line.

    `path` are the names that its last line stands under, and that line's own.
    """

    line: int
    trial: str
    kind: str
    is_framed: bool = False
    cells: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial ended with this status, in the words of the tables."""

    trial: str
    status: str


def with_blocks(lines: Iterable[Row | Other]) -> Iterator[Row | Block | Ended | Other]:
    """Rows of tables as they are; of the other lines those of a block put together."""
    block: Block | None = None
    for one in lines:
        if isinstance(one, Other) and block is not None and _belongs(block, one.text.rstrip()):
            if not _add(block, one.text.rstrip()):
                yield one
            continue
        if block is not None:
            yield block
        block = _begun(one) if isinstance(one, Other) else None
        if isinstance(one, Row):
            yield one
        elif block is None:
            yield from _said(one)
    if block is not None:
        yield block


def _begun(line: Other) -> Block | None:
    text = line.text.rstrip()
    if found := _RESULT.match(text):
        return Block(line.line, found[1], RESULT)
    if found := _FRAME.match(text):
        return Block(line.line, found[1], found[2], is_framed=True)
    return None


def _belongs(block: Block, text: str) -> bool:
    """Whether the line is inside of the block."""
    if not block.is_framed:
        return text.startswith("  ") and bool(text.strip())
    return _FRAME.match(text) is None and (_OF_FRAME.match(text) or _EMPTY.match(text)) is not None


def _add(block: Block, text: str) -> bool:
    """Put a line into its block; whether it is understood."""
    if len(block.cells) >= _MOST_CELLS:
        return False
    if block.is_framed:
        cell = _OF_FRAME.match(text)
        if cell is not None and not _LOST.fullmatch(cell[2]):
            block.cells[cell[1]] = cell[2]
        return cell is None or cell[1] in block.cells
    found = _OF_RESULT.match(text)
    if found is None:
        return False
    block.path[len(found[1]) // 2 - 1 :] = [found[2]]
    if found[3]:
        block.cells["/".join(block.path)] = found[3]
    return True


def _said(line: Other) -> Iterator[Ended | Other]:
    if found := _ENDED.match(line.text):
        yield Ended(found[1], _STATUSES[found[2]])
    elif not _SAID.match(line.text):
        yield line
