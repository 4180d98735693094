"""The values inside of TensorBoard's summaries: numbers, texts, and the settings of the HParams tab.

The numbers of fields are those of TensorFlow's `summary.proto` and of TensorBoard's HParams plugin.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.importers.protobuf import FIXED32, Message
from cockpit.importers.tensorboard_tensors import Number, Other, Text, read_tensor

RECORD_PLUGIN = "cockpit"  # whose content is our own word about a trial, see cockpit.export.tensorboard

_TAG, _SIMPLE, _TENSOR, _METADATA = 1, 2, 8, 9
_OTHERS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}  # fields of what is no number
_HPARAMS = "hparams"
_OF_SCALARS = ("", "scalars", "text")  # plugins whose tensors may be a number or a text
_IS_SCALAR = 1  # of `DataClass`
_STATUSES = {1: "finished", 2: "failed"}
_MOST_TAGS = 100_000
_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class Settings:
    """What the HParams tab shows of a run: its configuration, or its end. `status` is empty while it runs."""

    config: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What `cockpit export` says of an experiment or of a trial, as JSON."""

    text: str


Found = Number | Text | Settings | OwnRecord | Other


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a summary says of its values; it need not say it again with the next value of the same tag."""

    plugin: str = ""
    content: bytes = b""
    is_scalar: bool = False


def read_value(value: Message, known: dict[str, Metadata]) -> tuple[str, Found | None]:
    """The tag of one `Summary.Value`, and what it holds. `known` keeps what was said of tags. Raises `WireError`."""
    tag, said = value.text(_TAG), value.message(_METADATA)
    metadata = known.get(tag, Metadata()) if said is None else _metadata(said)
    if said is not None and len(known) < _MOST_TAGS:
        known.setdefault(tag, metadata)
    return tag, _content(value, metadata)


def _content(value: Message, metadata: Metadata) -> Found | None:
    place = value.place(_SIMPLE, FIXED32)
    if place is not None:
        return Number(struct.unpack_from("<f", value.data, place)[0], place, "<f")
    if metadata.plugin == _HPARAMS:
        return _settings(Message(metadata.content))
    if metadata.plugin == RECORD_PLUGIN:
        return OwnRecord(metadata.content.decode("utf-8", "backslashreplace"))
    tensor = value.message(_TENSOR)
    if tensor is not None and (metadata.is_scalar or metadata.plugin in _OF_SCALARS):
        return read_tensor(tensor, metadata.plugin or "tensor")
    what = (
        metadata.plugin if tensor is not None else next((_OTHERS[number] for number in _OTHERS if number in value), "")
    )
    return Other(what) if what else None


def _metadata(said: Message) -> Metadata:
    plugin = said.message(1)
    if plugin is None:
        return Metadata(is_scalar=said.varint(4) == _IS_SCALAR)
    return Metadata(plugin.text(1), plugin.content(2), said.varint(4) == _IS_SCALAR)


def _settings(data: Message) -> Settings | None:
    """`HParamsPluginData`. What it says of an experiment as a whole its runs say too."""
    start, end = data.message(3), data.message(4)
    if start is not None:
        return Settings(
            {name: value for entry in start.messages(1) if (name := entry.text(1)) for value in _setting(entry)}
        )
    return None if end is None else Settings(status=_STATUSES.get(end.varint(1) or 0, ""))


def _setting(entry: Message) -> list[Any]:
    """The value of an entry, a `google.protobuf.Value`: all numbers are doubles there, also counts."""
    value = entry.message(2)
    if value is None:
        return []
    number, truth = value.float64(2), value.varint(4)
    if number is not None:
        return [int(number) if number.is_integer() and abs(number) < _LARGEST else number]
    return [bool(truth) if truth is not None else value.text(3)]
