"""A file that another program writes."""

import os

import pytest

from cockpit.importers.growing import Growing


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.log"


@pytest.fixture
def new(path):
    growing = Growing(path)
    yield lambda: list(growing.new())
    growing.close()


def test_it_need_not_be_there_yet(path, new):
    assert new() == []
    path.write_bytes(b"")
    assert new() == []
    path.write_bytes(b"one")
    assert new() == [b"one"]
    with path.open("ab") as file:
        file.write(b" two")
    assert new() == [b" two"]
    assert new() == []


def test_one_that_becomes_shorter_begins_anew(path, new):
    path.write_bytes(b"one two three")
    new()
    os.truncate(path, 0)
    assert new() == [None]
    path.write_bytes(b"four")
    assert new() == [b"four"]


def test_one_that_is_written_over_between_two_looks_begins_anew(path, new):
    path.write_bytes(b"one")
    new()
    path.write_bytes(b"two and more")
    assert new() == [None, b"two and more"]


def test_one_that_is_rotated_is_read_to_its_end_first(path, new):
    path.write_bytes(b"one")
    new()
    with path.open("ab") as file:
        file.write(b" last")
    path.rename(path.with_suffix(".1"))
    path.write_bytes(b"first")
    assert new() == [b" last", None, b"first"]


def test_one_that_is_gone_for_a_while_goes_on(path, new):
    path.write_bytes(b"one")
    new()
    path.rename(path.with_suffix(".1"))
    assert new() == []
    path.write_bytes(b"two")
    assert new() == [None, b"two"]
