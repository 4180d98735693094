"""Events of TensorBoard from their records: when, at which step, under which tag, and what.

Nearly every record is like one before it but for its time, its step and one number. Where that number stands in such a
record is learned from the first one, so that the others are read by looking: their shape, which is all their other
bytes, is known.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cockpit.importers import protobuf as wire
from cockpit.importers.tensorboard_tensors import Number
from cockpit.importers.tensorboard_values import Found, Metadata, read_value

Point = tuple[float, int, str, float]  # wall time, step, tag, and a number
Seen = tuple[float, int, str, Found]

_HEAD = struct.Struct("<BdBB")  # key of the wall time, the wall time, key of the step, its lowest bits
_WALL_KEY, _STEP_KEY = 0x09, 0x10
_SUMMARY = 5
_MOST_SHAPES = 20_000
_LAST = struct.Struct("<f")
_SINGLE_BYTES = 4
_SHORTEST, _WIDEST = 24, 4096  # bytes of records that are worth knowing by their shape

Cuts = tuple[int, int, int, int]  # where a number in single precision and the number itself begin and end
Shape = tuple[Cuts, Callable[..., tuple[Any, ...]], dict[bytes, str]]  # with how it is packed, and tags


class EventDecoder:
    """Decodes the records of one file. `unread` counts records that are no events.

    `others` is what was found beside numbers, in order; whoever reads takes it out.
    """

    def __init__(self) -> None:
        self.unread = 0
        self.others: list[Seen] = []
        self._known: dict[str, Metadata] = {}
        self._ending: dict[bytes, str] = {}  # tags by what follows the step, where a float32 ends the record
        self._inside: dict[int, list[Shape]] = {}  # other shapes, by the length of what follows the step
        self._count = 0

    def decode(self, records: Iterable[bytes], *, learning: bool = True) -> Iterator[Point]:
        """The numbers in the records, in order. Without `learning` each is read in full, which gives the same."""
        ending = self._ending.get
        for data in records:
            at = step = 0
            if learning and len(data) > _SHORTEST:
                first, wall, key, low = _HEAD.unpack_from(data)
                if key == _STEP_KEY and first == _WALL_KEY:
                    at, step = (11, low) if low < 0x80 else _step(data, low)
                    tag = ending(data[at:-4])
                    if tag is not None:
                        yield wall, step, tag, _LAST.unpack_from(data, len(data) - 4)[0]
                        continue
                    number = self._number(data[at:])
                    if number is not None:
                        yield wall, step, *number
                        continue
            yield from self._read(data, at)

    def _number(self, rest: bytes) -> tuple[str, float] | None:
        """Tag and number of a record whose shape is known, from what follows its step."""
        for cuts, unpack, tags in self._inside.get(len(rest), ()):
            tag = tags.get(_without(rest, cuts))
            if tag is not None:
                return tag, unpack(rest, cuts[2])[0]
        return None

    def _read(self, data: bytes, at: int) -> Iterator[Point]:
        """Any record. Where its step ends is `at`, or 0 where it does not begin with its time and step."""
        tags = len(self._known)
        try:
            seen = list(self._values(data))
        except (wire.WireError, struct.error):
            self.unread += 1
            return
        if len(self._known) != tags:
            self._forget()  # a tag whose values were numbers so far may be something else
        for wall, step, tag, value in seen:
            if isinstance(value, Number):
                yield wall, step, tag, value.value
            else:
                self.others.append((wall, step, tag, value))
        if len(seen) == 1 and isinstance(seen[0][3], Number) and _is_all_summary(data, at):
            self._learn(data, at, seen[0][2], seen[0][3])

    def _forget(self) -> None:
        self._ending.clear()
        self._inside.clear()
        self._count = 0

    def _learn(self, data: bytes, at: int, tag: str, number: Number) -> None:
        """Know records of this shape from now on."""
        if number.form not in ("<f", "<d") or number.place is None or len(data) > _WIDEST:
            return
        if self._count > _MOST_SHAPES:
            self._forget()
        self._count += 1
        packing = struct.Struct(number.form)
        begin, rest = number.place - at, data[at:]
        if begin + packing.size == len(rest) and number.form == "<f":
            self._ending[rest[:begin]] = tag
            return
        single = (begin, begin) if number.single is None else (number.single - at, number.single - at + _SINGLE_BYTES)
        cuts = (*single, begin, begin + packing.size)
        alike = self._inside.setdefault(len(rest), [])
        tags = next((shape[2] for shape in alike if shape[0] == cuts), None)
        if tags is None:
            tags = {}
            alike.append((cuts, packing.unpack_from, tags))
        tags[_without(rest, cuts)] = tag

    def _values(self, data: bytes) -> Iterator[Seen]:
        event = wire.Message(data)
        told, step = event.float64(1), wire.signed(event.varint(2) or 0)
        wall = math.nan if told is None else told
        for summary in event.messages(_SUMMARY):
            for value in summary.messages(1):
                tag, found = read_value(value, self._known)
                if found is not None:
                    yield wall, step, tag, found


def wall_time(record: bytes) -> float:
    """When an event was written; NaN for what tells no time."""
    try:
        wall = wire.Message(record).float64(1)
    except wire.WireError:
        return math.nan
    return math.nan if wall is None else wall


def _without(rest: bytes, cuts: Cuts) -> bytes:
    """The bytes that two records of one shape have in common."""
    return rest[: cuts[0]] + rest[cuts[1] : cuts[2]] + rest[cuts[3] :]


def _is_all_summary(data: bytes, at: int) -> bool:
    """Whether one summary is all that stands from `at` to the end, so that nothing there has a say on the step."""
    try:
        return at > 0 and [field[:2] for field in wire.fields(data, at)] == [(_SUMMARY, wire.BYTES)]
    except wire.WireError:
        return False


def _step(data: bytes, low: int) -> tuple[int, int]:
    """Where a step of several bytes ends, and what it is. Raises nothing: what has no end ends the record."""
    second = data[11]
    if second < 0x80:
        return 12, low & 0x7F | second << 7
    third = data[12]
    if third < 0x80:
        return 13, low & 0x7F | (second & 0x7F) << 7 | third << 14
    try:
        value, end = wire.varint(data, 10, len(data))
    except wire.WireError:
        return len(data), 0
    return end, wire.signed(value)
