"""Checksums and the framing of records."""

import random
import struct

import numpy as np
import pytest

from cockpit.importers import tfrecord
from cockpit.importers.crc32c import SIDE, checksums, crc32c, masked
from cockpit.importers.tfrecord import RecordFile, framed, is_header


def bit_by_bit(data):
    """The definition, one bit after the other."""
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "check"),
    [  # the first from RFC 3720, the last is the check value of the catalogue
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
        (b"123456789", 0xE3069283),
    ],
)
def test_known_checksums(data, check):
    assert crc32c(data) == check


def test_checksums_are_as_defined_whatever_the_length():
    chance = random.Random(1)
    for length in [*range(1, 12), 255, SIDE - 1, SIDE, SIDE + 1, 2 * SIDE + 3]:
        data = chance.randbytes(length)
        assert crc32c(data) == bit_by_bit(data)


def test_many_records_have_the_checksums_of_each():
    chance = random.Random(2)
    for length in (4, 5, 50, SIDE):
        rows = [chance.randbytes(length) for _ in range(7)]
        columns = np.frombuffer(b"".join(rows), np.uint8).reshape(7, length).T
        assert checksums(columns).tolist() == [crc32c(row) for row in rows]


def records_of(path, **options):
    file = RecordFile(path)
    return [record for block in file.blocks(**options) for record in block], file


@pytest.fixture
def some():
    chance = random.Random(3)
    return [chance.randbytes(chance.choice((0, 1, 3, 40, 41, 41, 41, 300, 5000))) for _ in range(200)]


@pytest.mark.parametrize("at_once", [13, 100, 4096, 1 << 20])
def test_records_come_back_wherever_a_block_ends(tmp_path, some, at_once):
    path = tmp_path / "records"
    path.write_bytes(framed(some))
    records, file = records_of(path, at_once=at_once)
    assert records == some
    assert (file.damaged, file.too_large, file.broken_at) == (0, 0, None)


def test_a_record_is_framed_as_tensorflow_does_it():
    length = struct.pack("<Q", 3)
    checks = [struct.pack("<I", masked(bit_by_bit(part))) for part in (length, b"abc")]
    assert framed([b"abc"]) == length + checks[0] + b"abc" + checks[1]
    assert framed([]) == b""


def test_a_torn_last_record_is_the_end(tmp_path, some):
    data = framed(some)
    path = tmp_path / "records"
    for cut in (1, 4, 5, 11, 17, 30):
        path.write_bytes(data[:-cut])
        records, file = records_of(path)
        assert records == some[: len(records)]
        assert len(records) < len(some)
        assert (file.damaged, file.broken_at) == (0, None)


def test_a_record_with_a_wrong_checksum_is_left_out(tmp_path):
    data = bytearray(framed([b"first record", b"second record", b"x" * 2000]))
    data[12] ^= 1
    data[-10] ^= 1
    path = tmp_path / "records"
    path.write_bytes(data)
    records, file = records_of(path)
    assert records == [b"second record"]
    assert file.damaged == 2


def test_after_a_wrong_length_nothing_is_believed(tmp_path):
    first = framed([b"first record"])
    damaged = bytearray(first + framed([b"second record"]))
    damaged[len(first) + 3] = 0xFF  # a length of terabytes
    path = tmp_path / "records"
    path.write_bytes(damaged)
    records, file = records_of(path)
    assert records == [b"first record"]
    assert file.broken_at == len(first)


def test_what_is_too_large_for_a_measurement_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(tfrecord, "LARGEST_RECORD", 5000)
    path = tmp_path / "records"
    path.write_bytes(framed([b"first", b"x" * 9000, b"last"]))
    records, file = records_of(path, at_once=1000)
    assert records == [b"first", b"last"]
    assert file.too_large == 1


def test_a_length_beyond_the_end_of_the_file_takes_no_memory(tmp_path):
    length = struct.pack("<Q", 1 << 60)
    path = tmp_path / "records"
    path.write_bytes(length + struct.pack("<I", masked(crc32c(length))) + b"abc")
    assert records_of(path)[0] == []


def test_a_head_is_known_by_the_checksum_of_its_length():
    assert is_header(framed([b"record"]))
    assert not is_header(b"\x06" + framed([b"record"])[:20])
    assert not is_header(b"")
