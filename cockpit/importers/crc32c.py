"""CRC-32C (Castagnoli), with which TensorFlow guards its records, over many short records at once.

The checksum is linear over bits: each byte contributes by its value and by how far it stands from the end. With a table
of these contributions a checksum is an exclusive or of looked up numbers, in any order, so NumPy takes it over whole
columns of records of one length.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 1024  # bytes that the table reaches from the end; what is longer is taken in pieces
_POLYNOMIAL = 0x82F63B78  # 0x1EDC6F41 with its bits in reverse
_ONES = np.uint32(0xFFFFFFFF)


@cache
def _contributions() -> NDArray[np.uint32]:
    """What a byte (column) contributes that stands so many bytes from the end (row)."""
    table = np.empty((SIDE, 256), np.uint32)
    row = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        row = np.where(row & 1, (row >> 1) ^ np.uint32(_POLYNOMIAL), row >> 1)
    table[0] = row
    for distance in range(1, 4):
        table[distance] = table[0][table[distance - 1] & 0xFF] ^ (table[distance - 1] >> 8)
    known = 4
    while known < SIDE:  # a contribution that moves on by `known` bytes is that of its own four bytes there
        bytes_ = ((table[:known] >> (8 * place)) & 0xFF for place in range(4))
        moved = [table[known - 1 - place][values] for place, values in enumerate(bytes_)]
        table[known : 2 * known] = moved[0] ^ moved[1] ^ moved[2] ^ moved[3]
        known *= 2
    return table


def crc32c(data: bytes) -> int:
    """The checksum of `data`."""
    table, state = _contributions(), 0xFFFFFFFF
    for start in range(0, len(data), SIDE):
        piece = np.frombuffer(data, np.uint8, min(SIDE, len(data) - start), start).copy()
        count = len(piece)
        before = np.frombuffer(state.to_bytes(4, "little"), np.uint8)[:count]
        piece[: len(before)] ^= before
        looked_up = table[np.arange(count - 1, -1, -1), piece]
        state = int(np.bitwise_xor.reduce(looked_up)) ^ (state >> 8 * count)
    return state ^ 0xFFFFFFFF


def checksums(columns: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The checksum of each record of one length, 4 to `SIDE` bytes. `columns[j, i]` is byte j of record i."""
    length, count = columns.shape
    table, found = _contributions(), np.zeros(count, np.uint32)
    for place in range(length):
        column = columns[place] ^ 0xFF if place < 4 else columns[place]
        found ^= table[length - 1 - place].take(column)
    return found ^ _ONES


def masked(checksum: int) -> int:
    """A checksum as TensorFlow stores it, so that a checksum of data with checksums in it is a good one."""
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def masked_all(checks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """`masked` of each."""
    return ((checks >> np.uint32(15)) | (checks << np.uint32(17))) + np.uint32(0xA282EAD8)
