"""The pieces of a filter line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.store.filter.errors import FilterError, shown

KEYWORDS = {"AND": "and", "OR": "or", "NOT": "not"}
SIGNS = {"(": "(", ")": ")", "|": "or", "-": "not", "!": "not"}
ENDS = frozenset(" \t\n()|")
QUOTES = frozenset("\"'")

_OPERATOR = re.compile(r"!=|>=|<=|==|[=<>:]")


@dataclass(frozen=True)
class Token:
    """`kind` is `(`, `)`, `and`, `or`, `not` or `term`; `text` is what was typed.

    A term without an `operator` is a word. What was quoted is `exact`: `*` and `?` in it stand for themselves.
    """

    kind: str
    position: int
    text: str
    field: str = ""
    operator: str = ""
    value: str = ""
    exact: bool = False


def tokens(line: str) -> Iterator[Token]:
    """The pieces in their order. Raises `FilterError` for a quote that is not closed and for half a comparison."""
    position = 0
    while position < len(line):
        character = line[position]
        if character.isspace():
            position += 1
        elif character in SIGNS:
            yield Token(SIGNS[character], position, character)
            position += 1
        else:
            token, position = _term(line, position)
            yield token


def _term(line: str, start: int) -> tuple[Token, int]:
    """A keyword, a word, or a field with its operator and its value; and where it ends."""
    if line[start] in QUOTES:
        name, end = _quoted(line, start)
        quoted, found = True, _OPERATOR.match(line, end)
    else:
        end = _bare_end(line, start)
        quoted, found = False, _OPERATOR.search(line, start, end)
        name = line[start : found.start() if found else end]
    if found is None:
        kind = "term" if quoted else KEYWORDS.get(name, "term")
        return Token(kind, start, line[start:end], value=name, exact=quoted), end
    if not name:
        raise FilterError(f"no field before {found[0]}", start)
    value, exact, end = _value(line, start, found.end())
    operator = "=" if found[0] == "==" else found[0]
    return Token("term", start, line[start:end], name, operator, value, exact), end


def _value(line: str, start: int, position: int) -> tuple[str, bool, int]:
    """What stands behind an operator, whether it was quoted, and where it ends."""
    if position < len(line) and line[position] in QUOTES:
        value, end = _quoted(line, position)
        return value, True, end
    end = _bare_end(line, position)
    if end == position:
        raise FilterError(f"{shown(line[start:end])} needs a value", position, incomplete=end == len(line))
    return line[position:end], False, end


def _quoted(line: str, start: int) -> tuple[str, int]:
    end = line.find(line[start], start + 1)
    if end < 0:
        raise FilterError(f"the quote {line[start]} is not closed", start, incomplete=True)
    return line[start + 1 : end], end + 1


def _bare_end(line: str, start: int) -> int:
    end = start
    while end < len(line) and line[end] not in ENDS and not line[end].isspace():
        end += 1
    return end
