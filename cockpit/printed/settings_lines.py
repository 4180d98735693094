"""Settings as programs print them before they train: a dictionary, `Namespace(lr=0.1)`, or `lr: 0.1` in a line."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.events.text import one_line
from cockpit.printed.names import LONGEST_NAME, is_setting

_DICT = re.compile(r"\{[^{}]{3,8000}\}")
_CALL = re.compile(r"(?:^|[\s:=])(?:Namespace|Config|Args|Arguments|Params|HParams)\((.{3,8000})\)\s*$")
_LINE = re.compile(r"\s*([A-Za-z_][\w.-]{0,60})\s*[:=]\s*(\S{1,60})\s*$")
_MOST = 500
_PLAIN = (str, int, float, bool, type(None))


def read(text: str) -> dict[str, Any]:
    """The settings that a line holds; empty for other lines. Two names make settings, or one that is a usual one."""
    if "{" in text and ":" in text:
        found: dict[str, Any] = {}
        for match in _DICT.finditer(text):
            found.update(_literal(match[0]))
        return found if _are_settings(found) else {}
    if text.endswith(")") and "=" in text and (call := _CALL.search(text)):
        return _of_call(call[1])
    line = _LINE.match(text)
    return {line[1]: value_of(line[2])} if line and is_setting(line[1]) else {}


def _literal(text: str) -> dict[str, Any]:
    value = _evaluated(text)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        return {}
    return dict(_plain(value))


def _plain(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in list(values.items())[:_MOST]:
        if isinstance(value, _PLAIN):
            yield one_line(name)[:LONGEST_NAME], value
        elif isinstance(value, list | tuple) and len(value) <= 16:
            yield one_line(name)[:LONGEST_NAME], str(value)


def _of_call(inside: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call = ast.parse(f"f({inside})", mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    if not isinstance(call, ast.Call):
        return {}
    found = {word.arg: _evaluated(word.value) for word in call.keywords[:_MOST] if word.arg}
    return dict(_plain(found))


def _evaluated(text: str | ast.expr) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return ()


def value_of(text: str) -> Any:
    """A number, or the text without its quotes."""
    value = _evaluated(text)
    return value if isinstance(value, int | float) else text.strip("'\",")


def _are_settings(found: Mapping[str, Any]) -> bool:
    return len(found) >= 2 or any(map(is_setting, found))
