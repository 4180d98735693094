"""Logs in the framing of LevelDB, as W&B writes them: blocks of 32 KiB of chunks, and records of one or several chunks.

A chunk has a CRC-32 of its type and its bytes, a length of two bytes and a type; it never goes beyond its block. W&B
puts seven bytes before the first block and counts them as a part of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

HEADER = struct.Struct("<4sHB")  # of the file: a mark, a number, and a version
MARK, NUMBER = b":W&B", 0xBEE1
BLOCK_BYTES = 1 << 15
LARGEST_RECORD = 1 << 26

_CHUNK = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_SEEDS = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}


def is_log(head: bytes) -> bool:
    """Whether a file that begins so is such a log."""
    return len(head) >= HEADER.size and HEADER.unpack_from(head)[:2] == (MARK, NUMBER)


class LogFile:
    """The records of one file. After they were read, `damaged` counts the places at which something was wrong.

    After a wrong checksum reading goes on with the next block, as lengths cannot be trusted. A file that ends in the
    middle of a record just ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._parts: list[bytes] = []
        self._size = 0

    def records(self) -> Iterator[bytes]:
        """All whole records. Raises `OSError`."""
        with self.path.open("rb") as file:
            block, begin = file.read(BLOCK_BYTES), HEADER.size
            while block:
                for kind, chunk in self._chunks(block, begin):
                    record = self._joined(kind, chunk)
                    if record is not None:
                        yield record
                block, begin = file.read(BLOCK_BYTES), 0

    def _chunks(self, block: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        while at + _CHUNK.size <= len(block):
            check, length, kind = _CHUNK.unpack_from(block, at)
            if check == length == kind == 0:
                return  # what was set aside and not written
            chunk = block[at + _CHUNK.size : at + _CHUNK.size + length]
            if len(chunk) < length and len(block) < BLOCK_BYTES:
                return  # the end, in the middle of a chunk
            if kind not in _SEEDS or zlib.crc32(chunk, _SEEDS[kind]) != check:
                self._drop()
                self.damaged += 1
                return
            yield kind, chunk
            at += _CHUNK.size + length

    def _joined(self, kind: int, chunk: bytes) -> bytes | None:
        """The record that this chunk completes."""
        if kind in (_FULL, _FIRST):
            self._drop()
        elif not self._parts:
            return None  # its beginning is lost
        self._parts.append(chunk)
        self._size += len(chunk)
        if self._size > LARGEST_RECORD:
            self._drop()
            self.damaged += 1
            return None
        if kind in (_FULL, _LAST):
            record = b"".join(self._parts)
            self._drop()
            return record
        return None

    def _drop(self) -> None:
        self._parts.clear()
        self._size = 0
