"""Event files as TensorFlow and PyTorch write them, and others."""

import struct

from cockpit.importers.protobuf import of_bytes, of_float64, of_int
from cockpit.importers.tfrecord import framed

FLOAT, DOUBLE, INT32, STRING, INT64 = 1, 2, 3, 7, 9
BEGUN = 1_700_000_000.0
VERSION = of_float64(1, BEGUN) + of_bytes(3, "brain.Event:2")


def of_float32(number, value):
    return bytes([number << 3 | 5]) + struct.pack("<f", value)


def event(value, step=0, at=BEGUN, more=b""):
    """An event with one or several values; protobuf leaves a step of 0 out."""
    values = value if isinstance(value, list) else [value]
    summary = b"".join(of_bytes(1, one) for one in values)
    return of_float64(1, at) + (of_int(2, step) if step else b"") + of_bytes(5, summary) + more


def simple(tag, value):
    """A scalar of PyTorch, tensorboardX and TensorFlow 1."""
    return of_bytes(1, tag) + of_float32(2, value)


def tensor(tag, dtype, content, plugin="scalars"):
    """A scalar of TensorFlow 2, which says its plugin each time."""
    said = of_bytes(9, of_bytes(1, of_bytes(1, plugin))) if plugin else b""
    return of_bytes(1, tag) + of_bytes(8, of_int(1, dtype) + of_bytes(2, b"") + content) + said


def double(value):
    return of_bytes(4, struct.pack("<d", value))


def text(tag, words, plugin="text"):
    return tensor(tag, STRING, of_bytes(8, words), plugin)


def hparams(config, status=None):
    """What the HParams plugin keeps of a run: its settings, or its end."""
    if status is not None:
        content = of_bytes(4, of_int(1, status))
    else:
        entries = (of_bytes(1, name) + of_bytes(2, value) for name, value in config.items())
        content = of_bytes(3, b"".join(of_bytes(1, entry) for entry in entries))
    said = of_bytes(1, of_bytes(1, "hparams") + of_bytes(2, content))
    return of_bytes(1, "_hparams_/session") + of_bytes(9, said)


def write_events(path, events, version=VERSION):
    """A file with these events after the one that tells the version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed([version, *events]))
    return path


def losses(count, tag="train/loss", first=0):
    return [event(simple(tag, 1 / (step + 1)), step, BEGUN + step) for step in range(first, first + count)]
