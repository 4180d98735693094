"""Values as a person types them, and back: what is written here reads as the same value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.search.space import Value
from cockpit.search.yaml_text import scalar

_BARE = re.compile(r"[\w/~.][\w ./+@%~-]*")


class NotAListError(ValueError):
    """A text is no list of values."""


def value_text(value: Value) -> str:
    """A value such that `text_value` finds it again: texts in quotes only where they need them."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else (".inf" if value > 0 else "-.inf")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{value_text(key)}: {value_text(item)}' for key, item in value.items())}}}"
    return _word(value) if isinstance(value, str) else str(value)


def text_value(text: str) -> Value:
    """The value that a search file would read: `5` an int, `1e-4` a float, `abc` a text."""
    text = text.strip()
    if text.startswith("{"):
        # Alone, a mapping in one line is taken for a text that somebody typed.
        inside = scalar(f"[{text}]")
        return inside[0] if isinstance(inside, list) and len(inside) == 1 else text
    return scalar(text)


def values_text(values: Iterable[Value]) -> str:
    """Values with commas between them."""
    text = ", ".join(map(value_text, values))
    return f"[{text}]" if text.startswith("[") else text


def text_values(text: str) -> list[Value]:
    """The values of a text, with or without brackets around all of them. Raises `NotAListError`."""
    text = text.strip()
    for whole in (text, f"[{text}]"):
        found: Any = scalar(whole) if whole.startswith("[") else None
        if isinstance(found, list):
            return found
    raise NotAListError(f"{text!r} is not a list; write values as in 16, 32, 64")


def number_text(value: float) -> str:
    """A number where it does not matter whether it is whole: `8` for 8.0."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _word(text: str) -> str:
    if _BARE.fullmatch(text) and scalar(text) == text:
        return text
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"
