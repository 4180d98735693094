"""Writing event files of TensorBoard: scalars with all their digits, texts, and the HParams tab.

The numbers of fields are those of TensorFlow's `event.proto`, `summary.proto` and `tensor.proto` and of TensorBoard's
HParams plugin. TensorBoard takes numbers in single precision only: its fast loader passes over tensors of doubles. So a
scalar is a tensor of type float with that number, and has the same one with all its digits in the field for doubles,
where TensorBoard does not look.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any

from cockpit.importers.protobuf import of_bytes, of_float64, of_int
from cockpit.importers.tensorboard_values import RECORD_PLUGIN
from cockpit.importers.tfrecord import framed

_FLOAT, _STRING = 1, 7  # of `DataType`
_SCALAR_CLASS, _TENSOR_CLASS = 1, 2  # of `DataClass`
_STATUSES = {"finished": 1, "pruned": 1, "stopped": 1, "running": 3, "waiting": 3, "paused": 3}
_FAILED = 2
_AT_ONCE = 10_000  # records that are gathered and written
_TEXT_TYPE, _BOOL_TYPE, _NUMBER_TYPE = 1, 2, 3  # of HParams' `DataType`


class EventFile:
    """One event file, written from its beginning. `close` writes what is gathered."""

    def __init__(self, file: IO[bytes], at: float) -> None:
        self._file = file
        self._records: list[bytes] = []
        self._described: set[str] = set()
        self._write(of_float64(1, at) + of_bytes(3, "brain.Event:2"))

    def scalar(self, tag: str, step: int, at: float, value: float) -> None:
        """A number."""
        shown, exact = of_bytes(5, _single(value)), of_bytes(6, struct.pack("<d", value))
        tensor = of_int(1, _FLOAT) + of_bytes(2, b"") + shown + exact
        self._value(tag, step, at, of_bytes(8, tensor), of_bytes(1, of_bytes(1, "scalars")) + of_int(4, _SCALAR_CLASS))

    def text(self, tag: str, step: int, at: float, text: str) -> None:
        """A text, which TensorBoard shows as Markdown."""
        tensor = of_int(1, _STRING) + of_bytes(2, b"") + of_bytes(8, text)
        self._value(tag, step, at, of_bytes(8, tensor), of_bytes(1, of_bytes(1, "text")) + of_int(4, _TENSOR_CLASS))

    def record(self, content: bytes, at: float) -> None:
        """Our own word about a trial. TensorBoard passes over what is of a plugin that it does not know."""
        self._plugin("cockpit/record", RECORD_PLUGIN, content, at)

    def begin_run(self, config: Mapping[str, Any], name: str, at: float) -> None:
        """The settings of a run for the HParams tab."""
        entries = b"".join(
            of_bytes(1, of_bytes(1, key) + of_bytes(2, _setting(value))) for key, value in config.items()
        )
        start = entries + of_bytes(4, name) + of_float64(5, at)
        self._plugin("_hparams_/session_start_info", "hparams", of_int(1, 0) + of_bytes(3, start), at)

    def end_run(self, status: str, at: float) -> None:
        """How a run ended, for the HParams tab."""
        end = of_int(1, _STATUSES.get(status, _FAILED)) + of_float64(2, at)
        self._plugin("_hparams_/session_end_info", "hparams", of_int(1, 0) + of_bytes(4, end), at)

    def experiment(self, about: str, at: float, settings: Mapping[str, Sequence[Any]], tags: Sequence[str]) -> None:
        """The columns of the HParams tab: settings with the values that were tried, and tags of metrics."""
        infos = b"".join(of_bytes(4, _column(name, values)) for name, values in settings.items())
        metrics = b"".join(of_bytes(5, of_bytes(1, of_bytes(2, tag)) + of_bytes(3, tag)) for tag in tags)
        experiment = of_bytes(1, about) + of_float64(3, at) + infos + metrics
        self._plugin("_hparams_/experiment", "hparams", of_int(1, 0) + of_bytes(2, experiment), at)

    def _plugin(self, tag: str, plugin: str, content: bytes, at: float) -> None:
        """What a plugin keeps in the description of a value that itself is nothing."""
        said = of_bytes(1, of_bytes(1, plugin) + of_bytes(2, content)) + of_int(4, _TENSOR_CLASS)
        nothing = of_int(1, _FLOAT) + of_bytes(2, b"") + of_bytes(5, struct.pack("<f", 0.0))
        self._value(tag, 0, at, of_bytes(8, nothing), said)

    def _value(self, tag: str, step: int, at: float, content: bytes, metadata: bytes) -> None:
        said = b"" if tag in self._described else of_bytes(9, metadata)
        self._described.add(tag)
        value = of_bytes(1, tag) + content + said
        self._write(of_float64(1, at) + of_int(2, step) + of_bytes(5, of_bytes(1, value)))

    def _write(self, event: bytes) -> None:
        self._records.append(event)
        if len(self._records) >= _AT_ONCE:
            self.close()

    def close(self) -> None:
        """Write what is gathered; the file itself is whose it was."""
        self._file.write(framed(self._records))
        self._records.clear()


def _single(value: float) -> bytes:
    """A number in single precision, infinite where it is too large."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, value))


def _setting(value: Any) -> bytes:
    """A `google.protobuf.Value`: a number, a truth value, or a text."""
    if isinstance(value, bool):
        return of_int(4, value)
    if isinstance(value, int | float):
        return of_float64(2, float(value))
    return of_bytes(3, "" if value is None else str(value))


def _column(name: str, values: Sequence[Any]) -> bytes:
    """A setting with its domain: an interval of numbers, or the values."""
    info = of_bytes(1, name) + of_bytes(2, name)
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return info + of_int(4, _BOOL_TYPE) + _discrete(known)
    if known and all(isinstance(value, int | float) and math.isfinite(value) for value in known):
        ends = of_float64(1, float(min(known))) + of_float64(2, float(max(known)))
        return info + of_int(4, _NUMBER_TYPE) + of_bytes(6, ends)
    return info + of_int(4, _TEXT_TYPE) + _discrete([str(value) for value in known])


def _discrete(values: Sequence[Any]) -> bytes:
    return of_bytes(5, b"".join(of_bytes(1, _setting(value)) for value in dict.fromkeys(values)))
