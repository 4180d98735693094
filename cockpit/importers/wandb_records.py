"""What W&B's records hold. The numbers of fields are those of its `wandb_internal.proto`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cockpit.importers import protobuf as wire

KINDS = {
    2: "history", 3: "summary", 4: "output", 5: "config", 7: "stats", 8: "artifact", 10: "alert", 13: "output",
    17: "run", 18: "exit",
}  # fmt: skip
_LONGEST_JSON = 1 << 22
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NO_VALUE = object()
MANY = 32  # names deep; nothing that people write is deeper

Named = tuple[tuple[str, ...], Any]


@dataclass(slots=True)
class RunRecord:
    """The beginning of a run."""

    id: str = ""
    project: str = ""
    name: str = ""
    notes: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    started: float | None = None


def record(data: bytes) -> tuple[str, int, int]:
    """The kind of a record, empty for one without interest, and where its content is. Raises `WireError`."""
    for number, kind, first, last in wire.fields(data):
        if kind == wire.BYTES and number in KINDS:
            return KINDS[number], first, last
    return "", 0, 0


def run_of(data: bytes, begin: int, end: int) -> RunRecord:
    """A `RunRecord`."""
    run = RunRecord()
    texts = {1: "id", 3: "project", 8: "name", 9: "notes"}
    for number, kind, first, last in wire.fields(data, begin, end):
        if kind != wire.BYTES:
            continue
        if number in texts:
            setattr(run, texts[number], wire.text(data, first, last))
        elif number == 10:
            run.tags.append(wire.text(data, first, last))
        elif number == 4:
            change(run.config, data, first, last)
        elif number == 17:
            run.started = _time(data, first, last)
    return run


def change(config: dict[str, Any], data: bytes, begin: int, end: int) -> None:
    """Apply a `ConfigRecord` or a `SummaryRecord`: updates and removals by name."""
    for number, kind, first, last in wire.fields(data, begin, end):
        if kind != wire.BYTES or number not in (1, 2):
            continue
        names, value = _item(data, first, last)
        if names and names[0] != "_wandb":
            name = ".".join(names)
            if number == 1 and value is not _NO_VALUE:
                config[name] = value
            else:
                config.pop(name, None)


def history_of(data: bytes, begin: int, end: int) -> tuple[int | None, list[Named]]:
    """The step of a `HistoryRecord`, where it has one, and its values by their names."""
    step: int | None = None
    values: list[Named] = []
    for number, kind, first, last in wire.fields(data, begin, end):
        if kind != wire.BYTES:
            continue
        if number == 2:
            step = next((wire.signed(f[2]) for f in wire.fields(data, first, last) if f[:2] == (1, wire.VARINT)), 0)
        elif number == 1:
            names, value = _item(data, first, last)
            if names and value is not _NO_VALUE:
                values += _flat(names, value)
    return step, values


def exit_of(data: bytes, begin: int, end: int) -> int:
    """The exit code."""
    codes = (wire.signed(f[2]) for f in wire.fields(data, begin, end) if f[:2] == (1, wire.VARINT))
    return next(codes, 0)


def alert_of(data: bytes, begin: int, end: int) -> str:
    """Title and text of an `AlertRecord`."""
    found = [
        wire.text(data, f[2], f[3]) for f in wire.fields(data, begin, end) if f[1] == wire.BYTES and f[0] in (1, 2)
    ]
    return ": ".join(filter(None, found))


def _flat(names: tuple[str, ...], value: Any) -> Iterator[Named]:
    """An object as the values in it, by their names."""
    if isinstance(value, dict) and len(names) < MANY:
        for name, inner in value.items():
            yield from _flat((*names, str(name)), inner)
    else:
        yield names, value


def _item(data: bytes, begin: int, end: int) -> tuple[tuple[str, ...], Any]:
    """A name, or several that lead to it, and its value, as JSON or by its type."""
    key, nested, value = "", [], _NO_VALUE
    for number, kind, first, last in wire.fields(data, begin, end):
        if kind == wire.BYTES and number == 1:
            key = wire.text(data, first, last)
        elif kind == wire.BYTES and number == 2:
            nested.append(wire.text(data, first, last))
        elif kind == wire.BYTES and number in (8, 16):
            value = _json(data, first, last)
        elif kind == wire.BYTES and number == 7:
            value = wire.text(data, first, last)
        elif kind == wire.FIXED64 and number == 6:
            value = wire.float64(data, first)
        elif kind == wire.VARINT and number in (3, 4, 5):
            value = {3: None, 4: bool(first), 5: wire.zigzag(first)}[number]
    return (tuple(nested[:MANY]) or ((key,) if key else ())), value


def _json(data: bytes, begin: int, end: int) -> Any:
    if end - begin > _LONGEST_JSON:
        return _NO_VALUE
    try:
        value = json.loads(data[begin:end])
    except (ValueError, RecursionError):
        return _NO_VALUE
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _time(data: bytes, begin: int, end: int) -> float | None:
    """A `google.protobuf.Timestamp` in seconds."""
    parts = {f[0]: wire.signed(f[2]) for f in wire.fields(data, begin, end) if f[1] == wire.VARINT}
    seconds = parts.get(1, 0)
    return seconds + parts.get(2, 0) / 1e9 if 0 < seconds < 1 << 40 else None
