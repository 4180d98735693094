"""Events to one line of JSON and back.

A line is a flat object: `{"v":1,"kind":"step","phase":"train","epoch":0,"step":50,"loss":0.4848}`. JSON has no NaN, so
non-finite numbers travel as the strings "NaN", "Infinity" and "-Infinity" and come back as numbers; bare NaN tokens
of other writers are read too. All text passes `safe_text` in both directions, and secrets are taken out on the way in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from cockpit.events.kinds import KINDS, Eval, Event, Step, Unknown
from cockpit.events.redaction import MARK, redacted
from cockpit.events.text import one_line, safe_text

VERSION = 1

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_BY_KIND = {cls.kind: cls for cls in KINDS}
_FIELDS = {cls: tuple(f for f in fields(cls) if f.name not in ("extra", "metrics")) for cls in KINDS}
_NAMES = {cls: tuple(f.name for f in known) for cls, known in _FIELDS.items()}
_SELDOM = {cls: tuple(f.name for f in known if f.metadata.get("seldom")) for cls, known in _FIELDS.items()}
_OPEN_FIELD = {cls: ("metrics" if cls.kind in ("step", "eval") else "extra") for cls in KINDS}
RESERVED = frozenset(("v", "kind", "phase", "epoch", "step", "time", "step_times"))
_NUMBERS = frozenset((float, int, bool, type(None)))
_CLEAN_WORDS: set[str] = set()  # keys and phases repeat with every step; each is checked once


class EventError(ValueError):
    """The line is not a JSON object with a `kind`."""


def _plain(value: Any) -> Any:
    """Numbers of numpy and torch as Python's own, anything else as text."""
    item = getattr(value, "item", None)
    if callable(item):
        try:
            return encodable(item())
        except (ValueError, RuntimeError, TypeError):
            pass  # more than one element: shown as text below
    return redacted(safe_text(str(value)))


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain)


def encode(event: Event) -> bytes:
    """Return the event as one line, newline included."""
    record = _record(event)
    if _is_clean(record):
        try:
            return (_ENCODER.encode(record) + "\n").encode()
        except ValueError:
            pass  # a number that is not finite: the careful way below
    return (_ENCODER.encode(encodable(record)) + "\n").encode()


def _record(event: Event) -> dict[str, Any]:
    if isinstance(event, Step | Eval):  # written at every step, so spelled out: half the time of the general way
        record = {"v": VERSION, "kind": event.kind, "phase": event.phase, "epoch": event.epoch, "step": event.step}
        metrics = event.metrics
        if not RESERVED.isdisjoint(metrics):
            metrics = {name: value for name, value in metrics.items() if name not in RESERVED}
        record.update(metrics)
        if event.time is not None:
            record["time"] = event.time
        if isinstance(event, Step) and event.step_times:
            record["step_times"] = event.step_times
        return record
    if isinstance(event, Unknown):
        return {**event.data, "kind": event.kind}
    record = {"v": VERSION, "kind": event.kind}
    for name in _NAMES[type(event)]:
        record[name] = getattr(event, name)
    for name in _SELDOM[type(event)]:
        if not record[name]:
            del record[name]
    record.update(event.extra)
    return record


def _is_clean(record: dict[str, Any]) -> bool:
    """Whether the record can go to the encoder as it is: known keys, numbers, and known words."""
    if not _CLEAN_WORDS.issuperset(record):
        _CLEAN_WORDS.update(key for key in record if _is_plain_word(key))
        if not _CLEAN_WORDS.issuperset(record):
            return False
    others = [value for value in record.values() if type(value) not in _NUMBERS]
    return all(
        (type(value) is str and _is_known_word(value)) or (type(value) is dict and _is_clean(value)) for value in others
    )


def _is_known_word(word: str) -> bool:
    if word in _CLEAN_WORDS:
        return True
    if _is_plain_word(word) and word not in _NON_FINITE:
        _CLEAN_WORDS.add(word)
        return True
    return False


def _is_plain_word(word: object) -> bool:
    return isinstance(word, str) and len(word) < 100 and len(_CLEAN_WORDS) < 10_000 and redacted(one_line(word)) == word


def encodable(value: Any) -> Any:
    """`value` as JSON takes it: safe text and keys, no secrets, non-finite numbers as words, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, str | bytes):
        return redacted(safe_text(value))
    if isinstance(value, Mapping):
        return {redacted(one_line(str(key))): _named(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [encodable(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _plain(value)


def _named(name: str, value: Any) -> Any:
    """The value of a key, which may be what gives it away: `{"password": "letmein"}`."""
    inner = encodable(value)
    if isinstance(value, str) and redacted(f"{name}: {inner}") != f"{name}: {inner}":
        return MARK
    return inner


def decode(line: bytes | str) -> Event:
    """Return the event of one line. Raises `EventError`."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not JSON: {error}") from None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        raise EventError("not an object with a kind")
    return from_record(record)


def from_record(record: dict[str, Any]) -> Event:
    """Return the event of one JSON object that has a `kind`."""
    cls = _BY_KIND.get(record["kind"])
    cleaned = {_clean_key(key): value if type(value) in _NUMBERS else _decoded(value) for key, value in record.items()}
    kind = cleaned.pop("kind")
    cleaned.pop("v", None)
    if cls is None:
        return Unknown(kind=one_line(str(kind)), data=cleaned)
    known: dict[str, Any] = {}
    try:
        for name, required, fit in _FITS[cls]:
            if name in cleaned:
                known[name] = fit(cleaned[name])
            elif required:
                raise ValueError(f"{name} is missing")
    except (TypeError, ValueError, OverflowError):
        return Unknown(kind=kind, data=cleaned)
    for name in known:
        del cleaned[name]
    event: Event = cls(**known, **{_OPEN_FIELD[cls]: cleaned})
    return event


def _clean_key(key: str) -> str:
    if key in _CLEAN_WORDS:
        return key
    clean = one_line(key)
    if _is_plain_word(clean):
        _CLEAN_WORDS.add(clean)
    return clean


def _decoded(value: Any) -> Any:
    if type(value) is float or type(value) is int or value is None:
        return value
    if isinstance(value, str):
        return _NON_FINITE[value] if value in _NON_FINITE else safe_text(value)
    if isinstance(value, dict):
        return {one_line(key): _decoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_decoded(inner) for inner in value]
    return value


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _number_or_none(value: Any) -> float | None:
    return None if value is None else float(value)


def _count_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _words(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


_FIT_BY_TYPE: dict[str, Callable[[Any], Any]] = {
    "float": _number,
    "float | None": _number_or_none,
    "int": int,
    "int | None": _count_or_none,
    "bool": bool,
    "str": str,
    "list[str]": _words,
    "Values": _object,
}
_FITS = {  # (name, whether it must be there, how to fit a value)
    cls: tuple((f.name, f.default is f.default_factory is MISSING, _FIT_BY_TYPE[str(f.type)]) for f in known)
    for cls, known in _FIELDS.items()
}
