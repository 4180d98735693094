"""TFRecord files: the length of a record, a checksum of the length, the record, and its own checksum.

Integers are little-endian: 8 bytes of length, 4 of its checksum, then the record and 4 bytes of checksum.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cockpit.importers import crc32c

BLOCK_BYTES = 1 << 20
LARGEST_RECORD = 1 << 26  # bytes; what is larger is no measurement, and is passed over without being read
FRAME_BYTES = 16  # of each record beside itself

_HEADER = struct.Struct("<QI")
_CHECK = struct.Struct("<I")
_MOST_LENGTHS = 10_000


def framed(record: bytes) -> bytes:
    """The record as it stands in a file."""
    length = struct.pack("<Q", len(record))
    checks = [_CHECK.pack(crc32c.masked(crc32c.crc32c(part))) for part in (length, record)]
    return b"".join((length, checks[0], record, checks[1]))


def is_header(head: bytes) -> bool:
    """Whether a file that begins so begins with a record."""
    if len(head) < _HEADER.size:
        return False
    return _HEADER.unpack_from(head)[1] == crc32c.masked(crc32c.crc32c(head[:8]))


class RecordFile:
    """The records of one file, in blocks. After they were read it tells what was wrong with the file.

    `damaged` counts records whose checksum is wrong, which are left out; `too_large` those above `LARGEST_RECORD`.
    `broken_at` is the byte from which on nothing can be read, because a length there is not what it was. A file that
    ends in the middle of a record just ends: its writer had not come further.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.too_large = 0
        self.broken_at: int | None = None
        self._checks: dict[int, int] = {}  # checksums of lengths, of which there are few

    def blocks(self, at_once: int = BLOCK_BYTES) -> Iterator[list[bytes]]:
        """All records, so many bytes at a time, or as many as a record takes. Raises `OSError`."""
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            rest, wanted, offset = b"", 0, 0
            while data := file.read(min(max(at_once, wanted), max(at_once, size - file.tell()))):
                buffer = rest + data
                places, wanted = self._places(buffer, offset)
                yield self._records(buffer, places)
                if self.broken_at is not None:
                    return
                offset += places[-1]
                rest = buffer[places[-1] :]
                if wanted > LARGEST_RECORD:
                    self.too_large += 1
                    offset += wanted + FRAME_BYTES
                    file.seek(offset)
                    rest, wanted = b"", 0

    def _places(self, buffer: bytes, offset: int) -> tuple[list[int], int]:
        """Where the whole records begin, with their frames, and where the last one ends; the length of what follows."""
        position, size, checked, unpack = 0, len(buffer), self._checks.get, _HEADER.unpack_from
        places = [0]
        keep, last = places.append, size - _HEADER.size
        while position <= last:
            length, check = unpack(buffer, position)
            if checked(length) != check and not self._is_length(length, check):
                self.broken_at = offset + position
                break
            position += length + FRAME_BYTES
            if position > size:
                return places, length
            keep(position)
        return places, 0

    def _is_length(self, length: int, check: int) -> bool:
        if len(self._checks) > _MOST_LENGTHS:
            self._checks.clear()
        right = self._checks[length] = crc32c.masked(crc32c.crc32c(struct.pack("<Q", length)))
        return right == check

    def _records(self, buffer: bytes, places: list[int]) -> list[bytes]:
        """The records whose checksums are right."""
        records = [buffer[begin + 12 : end - 4] for begin, end in pairwise(places)]
        bad = _wrong(buffer, np.array(places, np.int64))
        if bad:
            self.damaged += len(bad)
            records = [record for number, record in enumerate(records) if number not in bad]
        return records


def _wrong(buffer: bytes, places: NDArray[np.int64]) -> set[int]:
    """The numbers of records whose checksum is not theirs; those of one length are looked at together."""
    begins, lengths = places[:-1] + 12, np.diff(places) - FRAME_BYTES
    order = np.argsort(lengths, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1) if len(order) else []
    stored = np.frombuffer(buffer, np.uint8)
    wrong: set[int] = set()
    for group in groups:
        length = int(lengths[group[0]])
        if 4 <= length <= crc32c.SIDE:
            columns = stored.take(begins[group] + np.arange(length + 4)[:, None])
            wanted = np.ascontiguousarray(columns[length:].T).view("<u4")[:, 0]
            found = crc32c.masked_all(crc32c.checksums(columns[:length]))
            wrong.update(group[found != wanted].tolist())
        else:
            wrong.update(n for n in group.tolist() if not _is_right(buffer, int(begins[n]), length))
    return wrong


def _is_right(buffer: bytes, begin: int, length: int) -> bool:
    end = begin + length
    return bool(_CHECK.unpack_from(buffer, end)[0] == crc32c.masked(crc32c.crc32c(buffer[begin:end])))
