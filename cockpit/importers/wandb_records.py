"""What W&B's records hold. The numbers of fields are those of its `wandb_internal.proto`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cockpit.importers.protobuf import BYTES, Message, fields, signed, zigzag

KINDS = {
    2: "history", 3: "summary", 4: "output", 5: "config", 7: "stats", 8: "artifact", 10: "alert", 13: "output",
    17: "run", 18: "exit",
}  # fmt: skip
_LONGEST_JSON = 1 << 22
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NO_VALUE = object()
_NAME, _VALUE = 0x12, b"\x82\x01"  # keys of a nested name and of a value as JSON
_SHORTEST_ITEM, _LONGEST_SHORT = 6, 0x7F  # bytes of an item, and of a text whose length takes one byte
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


def record(data: bytes) -> tuple[str, Message | None]:
    """The kind of a record and its content; none for one without interest. Raises `WireError`."""
    for number, wire, first, last in fields(data):
        if wire == BYTES and number in KINDS:
            return KINDS[number], Message(data, first, last)
    return "", None


def run_of(record: Message) -> RunRecord:
    """A `RunRecord`."""
    run = RunRecord(record.text(1), record.text(3), record.text(8), record.text(9))
    run.tags, run.started = record.texts(10), _time(record.message(17))
    for config in record.messages(4):
        change(run.config, config)
    return run


def change(config: dict[str, Any], record: Message) -> None:
    """Apply a `ConfigRecord` or a `SummaryRecord`: updates and removals by name."""
    for span in record.spans(1):
        names, value = _item(record.data, *span)
        if names and names[0] != "_wandb" and value is not _NO_VALUE:
            config[".".join(names)] = value
    for span in record.spans(2):
        config.pop(".".join(_item(record.data, *span)[0]), None)


def history_of(record: Message) -> tuple[int | None, list[Named]]:
    """The step of a `HistoryRecord`, where it has one, and its values by their names."""
    step = record.message(2)
    values: list[Named] = []
    for span in record.spans(1):
        names, value = _item(record.data, *span)
        if names and value is not _NO_VALUE:
            values += _flat(names, value)
    return (None if step is None else signed(step.varint(1) or 0)), values


def exit_of(record: Message) -> int:
    """The exit code."""
    return signed(record.varint(1) or 0)


def alert_of(record: Message) -> str:
    """Title and text of an `AlertRecord`."""
    return ": ".join(filter(None, (record.text(1), record.text(2))))


def _flat(names: tuple[str, ...], value: Any) -> Iterator[Named]:
    """An object as the values in it, by their names."""
    if isinstance(value, dict) and len(names) < MANY:
        for name, inner in value.items():
            yield from _flat((*names, str(name)), inner)
    else:
        yield names, value


def _item(data: bytes, begin: int, end: int) -> tuple[tuple[str, ...], Any]:
    """A name, or several that lead to it, and its value."""
    short = _short_item(data, begin, end)
    if short is not None:
        return short
    item = Message(data, begin, end)
    names = item.texts(2)[:MANY] or [item.text(1)]
    return tuple(names) if names[0] else (), _value(item)


def _short_item(data: bytes, begin: int, end: int) -> tuple[tuple[str, ...], Any] | None:
    """What nearly all are, found without looking at all fields: one name and one text of JSON, both short."""
    if end - begin < _SHORTEST_ITEM or data[begin] != _NAME:
        return None
    middle = begin + 2 + data[begin + 1]  # after the name, if its length takes one byte
    value = middle + 3
    if middle == begin + 2 or value > end or data[middle : middle + 2] != _VALUE:
        return None
    if data[begin + 1] > _LONGEST_SHORT or not end - value == data[middle + 2] <= _LONGEST_SHORT:
        return None
    return (data[begin + 2 : middle].decode("utf-8", "backslashreplace"),), _json(data[value:end])


def _value(item: Message) -> Any:
    """A value as JSON, or by its type."""
    for number in (16, 8):
        if item.spans(number):
            return _json(item.content(number))
    real, integer, truth = item.float64(6), item.varint(5), item.varint(4)
    if real is not None:
        return real
    if integer is not None:
        return zigzag(integer)
    if truth is not None:
        return bool(truth)
    return item.text(7) if item.spans(7) else None if item.varint(3) is not None else _NO_VALUE


def _json(text: bytes) -> Any:
    if len(text) > _LONGEST_JSON:
        return _NO_VALUE
    try:
        value = json.loads(text.decode())
    except (ValueError, RecursionError):
        return _NO_VALUE
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _time(stamp: Message | None) -> float | None:
    """A `google.protobuf.Timestamp` in seconds."""
    if stamp is None:
        return None
    seconds, nanos = signed(stamp.varint(1) or 0), signed(stamp.varint(2) or 0)
    return seconds + nanos / 1e9 if 0 < seconds < 1 << 40 and 0 <= nanos < 10**9 else None
