"""Messages of Protocol Buffers as they are on the wire, without knowing their types; and the writing of them.

A message is a row of fields: a number with a wire type, then a varint, 8 or 4 bytes, or a length and so many bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}

# Number, wire type, and where its bytes begin and end. Of a varint the third is its value.
Field = tuple[int, int, int, int]


class WireError(ValueError):
    """The bytes are no message."""


def fields(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields of the message that stands between `begin` and `end`. Raises `WireError` where it stops being one."""
    end = len(data) if end is None else end
    while begin < end:
        # Nearly all keys and lengths are one byte, which is not worth a call.
        key = data[begin]
        key, begin = (key, begin + 1) if key < 0x80 else varint(data, begin, end)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, begin = varint(data, begin, end)
            yield number, wire, value, begin
            continue
        if wire == BYTES:
            width = data[begin] if begin < end else 0x80
            width, begin = (width, begin + 1) if width < 0x80 else varint(data, begin, end)
        elif wire in _WIDTHS:
            width = _WIDTHS[wire]
        else:
            raise WireError(f"wire type {wire}")
        if width > end - begin:
            raise WireError("a field goes beyond its message")
        yield number, wire, begin, begin + width
        begin += width


def varint(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """A number of up to 64 bits in groups of seven, lowest first, and where it ends."""
    value = shift = 0
    while begin < end and shift < 70:
        byte = data[begin]
        begin += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, begin
        shift += 7
    raise WireError("a number without an end")


def signed(value: int) -> int:
    """A varint as an `int64`."""
    return value - (1 << 64) if value >= 1 << 63 else value


def zigzag(value: int) -> int:
    """A varint as a `sint64`."""
    return (value >> 1) ^ -(value & 1)


class Message:
    """A message with its fields at hand by their numbers; of a field that stands there more than once the last counts.

    Raises `WireError` where the bytes are none.
    """

    def __init__(self, data: bytes, begin: int = 0, end: int | None = None) -> None:
        self.data = data
        self._fields: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, wire, first, last in fields(data, begin, end):
            self._fields.setdefault((number, wire), []).append((first, last))

    def __contains__(self, number: int) -> bool:
        return any((number, wire) in self._fields for wire in (VARINT, BYTES, FIXED64, FIXED32))

    def spans(self, number: int) -> list[tuple[int, int]]:
        """Where the bytes of a repeated field with strings, bytes or messages are."""
        return self._fields.get((number, BYTES), [])

    def messages(self, number: int) -> Iterator[Message]:
        """The inner messages of a repeated field."""
        return (Message(self.data, first, last) for first, last in self.spans(number))

    def message(self, number: int) -> Message | None:
        """An inner message."""
        return Message(self.data, *self.spans(number)[-1]) if self.spans(number) else None

    def texts(self, number: int) -> list[str]:
        """The strings of a repeated field; bytes that are no UTF-8 show as escapes."""
        return [self.data[first:last].decode("utf-8", "backslashreplace") for first, last in self.spans(number)]

    def text(self, number: int) -> str:
        """A string, empty where it is not there."""
        return self.texts(number)[-1] if self.spans(number) else ""

    def content(self, number: int) -> bytes:
        """Bytes, empty where they are not there."""
        return self.data[slice(*self.spans(number)[-1])] if self.spans(number) else b""

    def varint(self, number: int) -> int | None:
        """An integer without its sign; see `signed` and `zigzag`."""
        found = self._fields.get((number, VARINT))
        return found[-1][0] if found else None

    def place(self, number: int, wire: int) -> int | None:
        """Where the 4 or 8 bytes of a field begin."""
        found = self._fields.get((number, wire))
        return found[-1][0] if found else None

    def float64(self, number: int) -> float | None:
        """A `double`."""
        place = self.place(number, FIXED64)
        return None if place is None else float(struct.unpack_from("<d", self.data, place)[0])


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def of_bytes(number: int, value: bytes | str) -> bytes:
    """A field with a string, bytes, or an inner message."""
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | BYTES) + _varint(len(raw)) + raw


def of_int(number: int, value: int) -> bytes:
    """A field with an integer, a truth value, or a member of an enumeration."""
    return _varint(number << 3 | VARINT) + _varint(value)


def of_float64(number: int, value: float) -> bytes:
    """A field with a `double`."""
    return _varint(number << 3 | FIXED64) + struct.pack("<d", value)
