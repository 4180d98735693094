"""Values of any kind, as training scripts have them, made fit for one flat event."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from cockpit.events.text import LONGEST_LINE

_PLAIN = frozenset((float, int, bool, type(None)))
_DEEPEST = 20
# Keys of every event: metrics of these names are kept under another one.
_TAKEN = {"v": "v_", "kind": "kind_"}
_LARGEST = 2**53


def flat(values: Mapping[Any, Any]) -> dict[str, Any]:
    """`{"a": {"b": 1}}` as `{"a/b": 1}`. Numbers, of numpy and 0-d tensors too, stay; the rest becomes short text."""
    found: dict[str, Any] = {}
    _gather(values, "", found, 0)
    return found


def _gather(values: Mapping[Any, Any], prefix: str, found: dict[str, Any], depth: int) -> None:
    for name, value in values.items():
        if type(value) in _PLAIN:
            fit = value
        elif isinstance(value, Mapping) and depth < _DEEPEST:
            _gather(value, f"{prefix}{name}/", found, depth + 1)
            continue
        else:
            fit = value if _is_scalar(value) else _short(value)
        key = f"{prefix}{name}"
        found[_TAKEN.get(key, key)] = fit


def _is_scalar(value: Any) -> bool:
    """Whether the value has one element and can give it, as a 0-d tensor and a number of numpy do."""
    if not callable(getattr(value, "item", None)):
        return False
    count = getattr(value, "size", 1)
    count = count if isinstance(count, int) else getattr(value, "numel", lambda: 1)()
    return bool(count == 1)


def _short(value: Any) -> str:
    return value[:LONGEST_LINE] if isinstance(value, str) else reprlib.repr(value)


def whole_number(value: Any) -> int | None:
    """A step or an epoch as an int, rounded down; None for what is no such number."""
    if type(value) is int and abs(value) < _LARGEST:
        return value
    try:
        number = int(value)
    except Exception:  # whatever a foreign type raises
        return None
    return number if abs(number) < _LARGEST else None
