"""The writer and the tail of a file of events, with disks that fill up and lines that are not finished."""

import errno
import os

import pytest

from cockpit.events.codec import decode, encode
from cockpit.events.kinds import Lost, Norms, Step
from cockpit.events.tail import LONGEST, Tail
from cockpit.events.writer import EventWriter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def steps(path, tail=None):
    return [decode(line).step for line in (tail or Tail(path)).lines()]


def test_each_event_is_one_write_and_at_once_in_the_file(path, monkeypatch):
    writes = []
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: writes.append(data) or real_write(fd, data))
    writer = EventWriter(path)
    for step in range(3):
        writer.write(Step(step=step, metrics={"loss": 1.0}))
        assert steps(path) == list(range(step + 1))
    assert len(writes) == 3


def test_what_happens_at_once_is_one_write(path, monkeypatch):
    writes = []
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: writes.append(data) or real_write(fd, data))
    EventWriter(path).write(Step(step=1), Norms(step=1, group="body"), Norms(step=1, group="head"))
    assert [type(decode(line)) for line in Tail(path).lines()] == [Step, Norms, Norms]
    assert len(writes) == 1


@pytest.mark.parametrize(("whole", "more", "torn"), [(0, 0, False), (1, 0, False), (1, 5, True), (2, 0, False)])
def test_of_several_events_those_are_lost_that_are_not_complete_in_the_file(
    path, monkeypatch, capsys, whole, more, torn
):
    events = [Step(step=step) for step in (1, 2, 3)]
    part = sum(len(encode(event)) for event in events[:whole]) + more
    writer, real_write = EventWriter(path), os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, data[:part]))
    writer.write(*events)
    assert writer.lost == 3 - whole
    monkeypatch.setattr(os, "write", real_write)
    writer.write(Step(step=4))
    lines = Tail(path).lines()
    assert len(lines) == whole + torn + 2
    told = [decode(line) for line in lines[:whole] + lines[whole + torn :]]
    assert [event.count if isinstance(event, Lost) else event.step for event in told] == [
        *range(1, whole + 1), 3 - whole, 4,
    ]  # fmt: skip


def test_an_event_without_a_text_takes_no_other_with_it(path, capsys):
    class Refuses:
        def __str__(self):
            raise RuntimeError("no")

    writer = EventWriter(path)
    writer.write(Step(step=1), Step(step=2, metrics={"loss": Refuses()}), Step(step=3))
    assert steps(path) == [1, 3]
    assert writer.lost == 1


def test_a_second_writer_appends(path):
    for step in (1, 2):
        writer = EventWriter(path)
        writer.write(Step(step=step))
        writer.close()
    assert steps(path) == [1, 2]


@pytest.mark.parametrize("part", [0, 10])
def test_a_full_disk_is_reported_once_counted_and_survived(path, monkeypatch, capsys, part):
    writer = EventWriter(path)
    writer.write(Step(step=1))
    real_write = os.write

    def full(fd, data):
        if part:
            return real_write(fd, data[:part])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for step in (2, 3, 4):
        writer.write(Step(step=step))
    assert writer.lost == 3
    monkeypatch.setattr(os, "write", real_write)
    writer.write(Step(step=5))
    assert writer.lost == 0
    assert capsys.readouterr().err.count("cannot write") == 1
    events = []
    for line in Tail(path).lines():
        try:
            events.append(decode(line))
        except ValueError:
            assert part  # the torn piece stands alone on its line
    assert [type(event) for event in events] == [Step, Lost, Step]
    assert events[1].count == 3
    assert events[2].step == 5


def test_writing_after_close_does_not_raise(path):
    writer = EventWriter(path)
    writer.close()
    writer.write(Step(step=1))
    assert writer.lost == 1


def test_a_half_written_line_is_not_there_yet(path):
    tail = Tail(path)
    assert tail.lines() == []
    path.write_bytes(b"one\ntw")
    assert tail.lines() == [b"one"]
    assert tail.offset == 4
    with path.open("ab") as file:
        file.write(b"o\n\nthree")
    assert tail.lines() == [b"two"]
    with path.open("ab") as file:
        file.write(b"\n")
    assert tail.lines() == [b"three"]


def test_reading_is_bounded_by_count_and_goes_on_at_the_offset(path):
    path.write_bytes(b"".join(b"%d\n" % i for i in range(100_000)))
    tail = Tail(path)
    first = tail.lines(most=30_000, seconds=60)
    assert len(first) == 30_000
    rest = Tail(path, tail.offset).lines(most=1_000_000, seconds=60)
    assert [int(line) for line in first + rest] == list(range(100_000))


def test_reading_is_bounded_by_time_but_always_gets_on(path):
    path.write_bytes(b"".join(b"%d\n" % i for i in range(200_000)))
    tail = Tail(path)
    seen = []
    while lines := tail.lines(most=10**9, seconds=0.0):
        assert len(lines) < 200_000
        seen += lines
    assert len(seen) == 200_000


def test_a_line_without_end_is_skipped_in_bounded_memory(path):
    path.write_bytes(b"a\n" + b"x" * (3 * LONGEST) + b"\nb\n" + b"y" * (2 * LONGEST))
    tail = Tail(path)
    lines = []
    while more := tail.lines():
        lines += more
    assert lines == [b"a", b"b"]
    assert tail.skipped == 1
    assert tail.offset == 2 + 3 * LONGEST + 1 + 2


def test_a_file_that_became_shorter_is_read_again(path):
    path.write_bytes(b"old one\nold two\n")
    tail = Tail(path)
    tail.lines()
    path.write_bytes(b"new\n")
    assert tail.lines() == [b"new"]
    assert tail.restarts == 1


def test_every_cut_of_the_last_line_loses_at_most_that_line(path):
    whole = b"".join(b'{"kind":"step","step":%d,"loss":0.5}\n' % i for i in range(5))
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        assert steps(path) == list(range(whole[:cut].count(b"\n")))
