"""Runs as W&B keeps them on disk."""

import json
import struct
import zlib

from cockpit.importers.protobuf import of_bytes, of_float64, of_int

HEADER = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
BLOCK = 1 << 15
BEGUN = 1_700_000_000


def log(records):
    """The records in their framing, cut into chunks where a block ends."""
    data = bytearray(HEADER)
    for record in records:
        rest, is_first = record, True
        while is_first or rest:
            room = BLOCK - len(data) % BLOCK
            if room < 7:
                data += bytes(room)
                continue
            chunk, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if is_first else 4) if not rest else (2 if is_first else 3)
            check = zlib.crc32(chunk, zlib.crc32(bytes([kind])))
            data += struct.pack("<IHB", check, len(chunk), kind) + chunk
            is_first = False
    return bytes(data)


def item(name, value):
    """A value with its name, or with a path of names; as JSON."""
    names = of_bytes(1, name) if isinstance(name, str) else b"".join(of_bytes(2, part) for part in name)
    return names + of_bytes(16, json.dumps(value))


def typed(name, number, value):
    """A value of a type of its own, as newer versions write them."""
    return of_bytes(2, name) + (of_float64(6, value) if number == 6 else of_int(number, value))


def run(config, name="first", notes="", tags=()):
    updates = b"".join(of_bytes(1, item(key, value)) for key, value in config.items())
    began = of_bytes(17, of_int(1, BEGUN) + of_int(2, 500_000_000))
    words = of_bytes(1, "abc123") + of_bytes(3, "project") + of_bytes(8, name) + of_bytes(9, notes)
    return of_bytes(17, words + b"".join(of_bytes(10, tag) for tag in tags) + of_bytes(4, updates) + began)


def history(items, step=None):
    told = b"" if step is None else of_bytes(2, of_int(1, step))
    return of_bytes(2, b"".join(of_bytes(1, one) for one in items) + told)


def row(step, **values):
    """A row with everything that W&B adds itself."""
    own = [item(["_step"], step), item(["_timestamp"], BEGUN + step), item(["_runtime"], step / 2)]
    return history([*(item([name.replace("__", "/")], value) for name, value in values.items()), *own], step)


def config(**values):
    return of_bytes(5, b"".join(of_bytes(1, item(key, value)) for key, value in values.items()))


def summary(**values):
    return of_bytes(3, b"".join(of_bytes(1, item(key, value)) for key, value in values.items()))


def stats():
    return of_bytes(7, of_bytes(3, item("cpu", 12.5)))


def exited(code=0):
    return of_bytes(18, of_int(1, code) if code else b"")
