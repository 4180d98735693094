"""Tensors with one number, or with texts. The numbers of fields and types are those of TensorFlow's `tensor.proto`."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from cockpit.importers.protobuf import FIXED32, FIXED64, VARINT, Message, signed, varint

_FLOAT, _STRING = 1, 7
_FORMATS = {  # of the types that a number may have
    1: "<f", 2: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", 9: "<q", 10: "<?", 17: "<H", 19: "<e", 22: "<I", 23: "<Q",
}  # fmt: skip
_DTYPE, _CONTENT, _TEXTS = 1, 4, 8
_FIXED = {5: ("<f", FIXED32), 6: ("<d", FIXED64)}  # fields of numbers of fixed width, packed or not
_VARINTS = (7, 10, 11, 16, 17)


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar. `place` is where its bytes begin and `form` how they are packed; None where they are no fixed width.

    `single` is where the same number stands in single precision before that, in exports of ours.
    """

    value: float
    place: int | None = None
    form: str = ""
    single: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text summary."""

    text: str


@dataclass(frozen=True, slots=True)
class Other:
    """Something that is no number and no text, such as a histogram."""

    what: str


def read_tensor(tensor: Message, what: str) -> Number | Text | Other:
    """The number or the text of a tensor; of several numbers `what` it is."""
    dtype = tensor.varint(_DTYPE) or 0
    if dtype == _STRING:
        return Text("\n".join(tensor.texts(_TEXTS)))
    found = [*_in_content(tensor, dtype), *_in_fields(tensor), *_in_varints(tensor)]
    if not found and _CONTENT not in tensor and dtype in _FORMATS:
        return Number(0.0)  # the zero of its type need not be written
    return found[0] if len(found) == 1 and found[0] is not None else Other(what)


def _in_content(tensor: Message, dtype: int) -> list[Number | None]:
    return [_packed(tensor.data, first, last, _FORMATS.get(dtype, "")) for first, last in tensor.spans(_CONTENT)]


def _in_fields(tensor: Message) -> list[Number | None]:
    """Numbers of fixed width."""
    found: list[Number | None] = []
    for number, (form, wire) in _FIXED.items():
        found += [_packed(tensor.data, first, last, form) for first, last in tensor.spans(number)]
        place = tensor.place(number, wire)
        if place is not None:
            found.append(_packed(tensor.data, place, place + struct.calcsize(form), form))
    return _exact(found) if tensor.varint(_DTYPE) == _FLOAT and len(found) == 2 else found


def _exact(found: list[Number | None]) -> list[Number | None]:
    """What `cockpit export` wrote twice, the second time with all its digits, once."""
    single, double = found
    if single is None or double is None or double.form != "<d" or single.form != "<f":
        return found
    if (single.place or 0) < (double.place or 0):
        return [replace(double, single=single.place)]
    return [Number(double.value)]


def _in_varints(tensor: Message) -> list[Number | None]:
    found: list[Number | None] = []
    for number in _VARINTS:
        for first, last in tensor.spans(number):
            value, end = varint(tensor.data, first, last)
            found.append(Number(float(signed(value))) if end == last else None)
        if tensor.place(number, VARINT) is not None:
            found.append(Number(float(signed(tensor.varint(number) or 0))))
    return found


def _packed(data: bytes, begin: int, end: int, form: str) -> Number | None:
    """The one number that stands there; None where there are several."""
    if not form or end - begin != struct.calcsize(form):
        return None
    return Number(float(struct.unpack_from(form, data, begin)[0]), begin, form)
