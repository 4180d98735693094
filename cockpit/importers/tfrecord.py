"""TFRecord files: the length of a record, a checksum of the length, the record, and its own checksum.

Integers are little-endian: 8 bytes of length, 4 of its checksum, then the record and 4 bytes of checksum.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
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


def framed(records: Sequence[bytes]) -> bytes:
    """The records as they stand in a file."""
    lengths = [struct.pack("<Q", len(record)) for record in records]
    checks = [_checks_of(parts) for parts in (lengths, records)]
    return b"".join(
        b"".join((length, _CHECK.pack(first), record, _CHECK.pack(second)))
        for length, record, first, second in zip(lengths, records, *checks, strict=True)
    )


def _checks_of(parts: Sequence[bytes]) -> list[int]:
    """The checksum of each."""
    ends = np.cumsum([0, *map(len, parts)])
    return [int(check) for check in _checks(b"".join(parts), ends[:-1], np.diff(ends))]


def is_header(head: bytes) -> bool:
    """Whether a file that begins so begins with a record."""
    if len(head) < _HEADER.size:
        return False
    check: int = _HEADER.unpack_from(head)[1]
    return check == crc32c.masked(crc32c.crc32c(head[:8]))


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
                    offset += wanted + FRAME_BYTES
                    if offset > size:
                        return
                    self.too_large += 1
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
    """The numbers of records whose checksum is not theirs."""
    begins, lengths = places[:-1] + 12, np.diff(places) - FRAME_BYTES
    stored = np.frombuffer(buffer, np.uint8).take((begins + lengths)[:, None] + np.arange(4)).view("<u4")[:, 0]
    return set(np.flatnonzero(_checks(buffer, begins, lengths) != stored).tolist())


def _checks(buffer: bytes, begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The checksums of many records in a buffer; those of one length are computed together."""
    found = np.zeros(len(begins), np.uint32)
    if not len(begins):
        return found
    order = np.argsort(lengths, kind="stable")
    data = np.frombuffer(buffer, np.uint8)
    for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        length = int(lengths[group[0]])
        if 4 <= length <= crc32c.SIDE:
            found[group] = crc32c.checksums(data.take(begins[group] + np.arange(length)[:, None]))
        else:
            found[group] = [crc32c.crc32c(buffer[begins[n] : begins[n] + length]) for n in group]
    return crc32c.masked_all(found)
