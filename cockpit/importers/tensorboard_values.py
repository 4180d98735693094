"""The values inside of TensorBoard's summaries: numbers, texts, and the settings of the HParams tab.

The numbers of fields are those of TensorFlow's `summary.proto` and `tensor.proto` and of TensorBoard's HParams plugin.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.importers import protobuf as wire

RECORD_PLUGIN = "cockpit"  # whose content is our own word about a trial, see cockpit.export.tensorboard
_SCALARS, _TEXT, _HPARAMS = "scalars", "text", "hparams"
_IS_SCALAR = 1  # of `DataClass`
_MOST_TAGS = 100_000

_STRING = 7
_FORMATS = {  # of the types that a tensor with one number may have
    1: "<f", 2: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", 9: "<q", 10: "<?", 17: "<H", 19: "<e", 22: "<I", 23: "<Q",
}  # fmt: skip
_TENSOR_CONTENT, _STRINGS = 4, 8
_FIXED_VALUES = {5: "<f", 6: "<d"}  # fields with packed values of fixed width
_VARINT_VALUES = (7, 10, 11, 16, 17)
_STATUSES = {1: "finished", 2: "failed"}
_OTHERS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}  # fields of what is no number


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar. `place` is where its bytes begin and `form` how they are packed; None where it is not of fixed width."""

    value: float
    place: int | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text summary."""

    text: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the HParams tab shows of a run: its configuration, or its end. `status` is empty while it runs."""

    config: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What `cockpit export` says of a trial, as JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class Other:
    """Something that is no number and no text, such as a histogram."""

    what: str


Found = Number | Text | Settings | OwnRecord | Other


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a summary says of its values; it need not say it again with the next value of the same tag."""

    plugin: str = ""
    content: bytes = b""
    is_scalar: bool = False


def read_value(data: bytes, begin: int, end: int, known: dict[str, Metadata]) -> tuple[str, Found | None]:
    """The tag of one `Summary.Value`, and what it holds. `known` keeps what was said of tags. Raises `WireError`."""
    tag, simple, tensor, other = "", None, None, ""
    said: Metadata | None = None
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.BYTES:
            tag = wire.text(data, first, last)
        elif number == 2 and kind == wire.FIXED32:
            simple = first
        elif number == 8 and kind == wire.BYTES:
            tensor = (first, last)
        elif number == 9 and kind == wire.BYTES:
            said = _metadata(data, first, last)
        elif number in _OTHERS:
            other = _OTHERS[number]
    if said is not None and len(known) < _MOST_TAGS:
        known.setdefault(tag, said)
    metadata = said or known.get(tag) or Metadata()
    if simple is not None:
        return tag, Number(struct.unpack_from("<f", data, simple)[0], simple, "<f")
    if metadata.plugin == _HPARAMS:
        return tag, _settings(metadata.content)
    if metadata.plugin == RECORD_PLUGIN:
        return tag, OwnRecord(metadata.content.decode("utf-8", "backslashreplace"))
    if tensor is not None:
        return tag, _of_tensor(data, *tensor, metadata)
    return tag, Other(other) if other else None


def _metadata(data: bytes, begin: int, end: int) -> Metadata:
    plugin, content, is_scalar = "", b"", False
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.BYTES:
            for inner, inner_kind, inner_first, inner_last in wire.fields(data, first, last):
                if inner == 1 and inner_kind == wire.BYTES:
                    plugin = wire.text(data, inner_first, inner_last)
                elif inner == 2 and inner_kind == wire.BYTES:
                    content = data[inner_first:inner_last]
        elif number == 4 and kind == wire.VARINT:
            is_scalar = first == _IS_SCALAR
    return Metadata(plugin, content, is_scalar)


def _of_tensor(data: bytes, begin: int, end: int, metadata: Metadata) -> Found | None:
    """One number or the texts of a tensor; several numbers are what its plugin makes of them."""
    form, numbers, texts = "", [], []
    if not (metadata.is_scalar or metadata.plugin in ("", _SCALARS, _TEXT)):
        return Other(metadata.plugin)
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.VARINT:
            form = _FORMATS.get(first, "") if first != _STRING else "text"
        elif number == _STRINGS and kind == wire.BYTES:
            texts.append(wire.text(data, first, last))
        elif kind == wire.BYTES and number == _TENSOR_CONTENT:
            numbers.append(_fixed(data, first, last, form))
        elif number in _FIXED_VALUES:
            numbers.append(_fixed(data, first, last, _FIXED_VALUES[number]))
        elif number in _VARINT_VALUES:
            numbers.append(_integer(data, kind, first, last))
    if form == "text":
        return Text("\n".join(texts))
    if len(numbers) == 1 and numbers[0] is not None:
        return numbers[0]
    # A tensor of its type's zero need not have any value at all.
    return Number(0.0) if not numbers and form else Other(metadata.plugin or "tensor")


def _fixed(data: bytes, begin: int, end: int, form: str) -> Number | None:
    if not form or form == "text" or end - begin != struct.calcsize(form):
        return None
    return Number(float(struct.unpack_from(form, data, begin)[0]), begin, form)


def _integer(data: bytes, kind: int, first: int, last: int) -> Number | None:
    if kind == wire.VARINT:
        return Number(float(wire.signed(first)))
    if kind != wire.BYTES:
        return None
    value, end = wire.varint(data, first, last)
    return Number(float(wire.signed(value))) if end == last else None


def _settings(content: bytes) -> Found | None:
    for number, kind, first, last in wire.fields(content):
        if kind == wire.BYTES and number == 3:
            return _start(content, first, last)
        if kind == wire.BYTES and number == 4:
            return _end(content, first, last)
    return None  # the experiment as a whole, which says nothing that its runs do not say


def _start(data: bytes, begin: int, end: int) -> Settings:
    config: dict[str, Any] = {}
    at: float | None = None
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.BYTES:
            config.update(_setting(data, first, last))
        elif number == 5 and kind == wire.FIXED64:
            at = wire.float64(data, first)
    return Settings(config, "", at)


def _setting(data: bytes, begin: int, end: int) -> Iterator[tuple[str, Any]]:
    """An entry of a map: a name and a `google.protobuf.Value`. All numbers are doubles there, also counts."""
    name, value = "", None
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.BYTES:
            name = wire.text(data, first, last)
        elif number == 2 and kind == wire.BYTES:
            for which, inner, inner_first, inner_last in wire.fields(data, first, last):
                if which == 2 and inner == wire.FIXED64:
                    number_ = wire.float64(data, inner_first)
                    value = int(number_) if number_.is_integer() and abs(number_) < 2**53 else number_
                elif which == 3 and inner == wire.BYTES:
                    value = wire.text(data, inner_first, inner_last)
                elif which == 4 and inner == wire.VARINT:
                    value = bool(inner_first)
    if name:
        yield name, value


def _end(data: bytes, begin: int, end: int) -> Settings:
    status, at = "", None
    for number, kind, first, last in wire.fields(data, begin, end):
        if number == 1 and kind == wire.VARINT:
            status = _STATUSES.get(first, "")
        elif number == 2 and kind == wire.FIXED64:
            at = wire.float64(data, first)
    return Settings({}, status, at)
