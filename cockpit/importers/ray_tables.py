"""The tables in which Ray Tune prints how its trials stand, as rows of named cells.

    | Trial name       | status  |   lr |   iter |   total time (s) |   loss |
    |------------------+---------+------+--------+------------------+--------|
    | train_a1b2_00000 | RUNNING | 0.01 |      3 |          12.3    |   0.45 |

Newer versions draw no lines between columns: there a column is what blanks of three characters part in all rows.
A long name goes on in the line below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

NAME, STATUS = "Trial name", "status"
_HEADER = re.compile(rf"[|│] {NAME} {{1,200}}(?:[|│] )?{STATUS} ")
_RULE = re.compile(r"[|├╰+][-─+]{10,4000}[|┤╯+]$")
_BAR = re.compile(r"[|│]")
_MOST_ROWS = 10_000
_GAP = 3  # a blank beside each cell, and one between them


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its number, and its cells by their columns, which are in order."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Other:
    """A line that is of no table, or of one whose columns cannot be told apart."""

    line: int
    text: str


def begins(text: str) -> bool:
    """Whether the line is the head of such a table."""
    return _HEADER.match(text.strip()) is not None


def rows(lines: Iterable[tuple[int, str]]) -> Iterator[Row | Other]:
    """All lines but those that only draw."""
    table: list[tuple[int, str]] = []
    rules = 0
    for number, line in lines:
        text = line.strip()
        if begins(text):
            yield from _parsed(table)
            table, rules = [(number, text)], 0
        elif _RULE.match(text):
            rules += 1
            if table and rules == 2:  # below the head, and at the end
                yield from _parsed(table)
                table = []
            elif table:
                table.append((number, ""))
        elif table and _BAR.match(text) and len(table) < _MOST_ROWS:
            table.append((number, text))
        else:
            yield from _parsed(table)
            table = []
            yield Other(number, line)
    yield from _parsed(table)


def _parsed(table: Sequence[tuple[int, str]]) -> Iterator[Row | Other]:
    """The rows of one table, whose head ends with an empty line."""
    texts = [text for _, text in table]
    if "" not in texts:
        yield from (Other(number, text) for number, text in table)
        return
    head, body = table[: texts.index("")], table[texts.index("") + 1 :]
    split = _barred if _BAR.search(head[0][1][1:-1]) else _aligned
    cells = split([text for _, text in (*head, *body)])
    names = _names(cells[: len(head)])
    for (number, text), found in zip(body, cells[len(head) :], strict=True):
        if names and len(found) == len(names):
            yield Row(number, dict(zip(names, found, strict=True)))
        else:
            yield Other(number, text)


def _names(head: Sequence[Sequence[str]]) -> list[str]:
    """What columns are called; nothing where they cannot be told apart."""
    if len({len(cells) for cells in head}) != 1:
        return []
    names = ["".join(parts) for parts in zip(*head, strict=True)]
    are_apart = tuple(names[:2]) == (NAME, STATUS) and all(names) and len(set(names)) == len(names)
    return names if are_apart else []


def _barred(texts: Sequence[str]) -> list[list[str]]:
    """The cells between bars."""
    return [[cell.strip() for cell in _BAR.split(text[1:-1])] for text in texts]


def _aligned(texts: Sequence[str]) -> list[list[str]]:
    """The cells between columns of blanks that go through all lines; those of the head have to be one word or name."""
    inner = [text[1:-1] for text in texts]
    width = max(map(len, inner))
    inner = [text.ljust(width) for text in inner]
    blank = [all(text[place] == " " for text in inner) for place in range(width)]
    spans: list[tuple[int, int]] = []
    for is_blank, run in groupby(range(width), key=lambda place: blank[place]):
        places = list(run)
        if is_blank:
            continue
        if spans and places[0] - spans[-1][1] < _GAP:
            spans[-1] = (spans[-1][0], places[-1] + 1)
        else:
            spans.append((places[0], places[-1] + 1))
    return [[text[start:end].strip() for start, end in spans] for text in inner]
