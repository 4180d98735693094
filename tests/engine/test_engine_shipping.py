"""What trials write elsewhere arrives in the run folder, whole, in order and once, whatever happens on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sweeping import events_in

from cockpit.engine.checkpoints import last_checkpoint
from cockpit.engine.run_recorder import EVENTS, SUPERSEDED, RunRecorder
from cockpit.engine.shipping import Follower, Shipment, SupersededError
from cockpit.events.kinds import Saved, Step
from cockpit.events.writer import EventWriter
from cockpit.store.folder import TrialFolder


class Line:
    """The way from an attempt to a recorder. `before` and `after` are called around everything that is sent."""

    def __init__(self, recorder: Callable[[], RunRecorder], attempt: int = 1) -> None:
        self._recorder = recorder
        self._attempt = ("t000", attempt)
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None

    def begin(self, name: str) -> int:
        return self._send("begin", name)

    def append(self, name: str, base: int, offset: int, data: bytes) -> int:
        return self._send("append", name, base, offset, data)

    def put(self, name: str, offset: int, data: bytes) -> int:
        return self._send("put", name, offset, data)

    def commit(self, base: int, offset: int, lines: bytes, files: Mapping[str, int]) -> int:
        return self._send("commit", base, offset, lines, files)

    def _send(self, method: str, *arguments: Any) -> int:
        self.before(method)
        answer = int(getattr(self._recorder(), method)(*self._attempt, *arguments))
        self.after(method)
        return answer


class Guest:
    """An attempt somewhere else: its folder, and what a trial does there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.step = 0
        (folder / "config.json").write_text('{"x": 1}')
        self.writer = EventWriter(folder / EVENTS)

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.step += 1
            self.writer.write(Step(step=self.step, metrics={"loss": 1.0 / self.step}))
            with (self.folder / "output.log").open("a") as output:
                output.write(f"step {self.step}\n")

    def save(self, name: str = "last.json") -> None:
        part = self.folder / "part"
        part.write_text(json.dumps({"step": self.step}))
        part.replace(self.folder / name)
        self.writer.write(Saved(path=name, step=self.step, label="last"))


@pytest.fixture
def trials(tmp_path: Path) -> Path:
    (tmp_path / "run" / "trials" / "t000").mkdir(parents=True)
    return tmp_path / "run" / "trials"


def saved_step(folder: Path) -> int:
    return int(json.loads((folder / "last.json").read_text())["step"])


def steps(folder: Path) -> list[int]:
    return [event.step for event in events_in(folder / EVENTS) if isinstance(event, Step)]


@pytest.mark.parametrize("seed", range(10))
def test_everything_arrives_once_over_a_line_that_fails_again_and_again(
    seed: int, trials: Path, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    recorders = [RunRecorder(str(trials))]

    def fail(_: str) -> None:
        if draw.random() < 0.2:
            if draw.random() < 0.3:
                recorders[0] = RunRecorder(str(trials))  # it died, and another one has taken its place
            raise ConnectionError

    guest, line = Guest(tmp_path / "guest"), Line(lambda: recorders[0])
    line.before = line.after = fail
    follower = Follower(guest.folder, line)
    here = trials / "t000"
    for _ in range(60):
        guest.train(draw.randrange(4))
        if guest.step and draw.random() < 0.3:
            guest.save()
        try:
            follower.tick()
        except ConnectionError:
            pass
        saved = (
            [event.step for event in events_in(here / EVENTS) if isinstance(event, Saved)]
            if (here / EVENTS).exists()
            else []
        )
        if saved:  # every checkpoint that is named is there, and none is ahead of the record
            assert last_checkpoint(TrialFolder(here)) == "last.json"
            assert saved_step(here) <= steps(here)[-1]
    line.before = line.after = lambda _: None
    guest.save()
    while follower.tick():
        pass
    for name in (EVENTS, "output.log", "config.json", "last.json"):
        assert (here / name).read_bytes() == (guest.folder / name).read_bytes()
    assert sorted(path.name for path in here.iterdir()) == ["config.json", EVENTS, "last.json", "output.log"]


def test_a_checkpoint_that_is_saved_again_while_it_is_sent_is_not_ahead_of_the_record(
    trials: Path, tmp_path: Path
) -> None:
    guest, line = Guest(tmp_path / "guest"), Line(lambda: recorder)
    recorder, here = RunRecorder(str(trials)), trials / "t000"
    follower = Follower(guest.folder, line)
    guest.train(3)
    guest.save()

    def go_on(method: str) -> None:
        if method == "put":
            guest.train(2)
            guest.save()

    line.before = go_on
    follower.tick()
    assert saved_step(here) <= steps(here)[-1]
    line.before = lambda _: None
    while follower.tick():
        pass
    assert saved_step(here) == guest.step


def test_an_attempt_is_not_heard_once_the_next_one_is_expected(trials: Path, tmp_path: Path) -> None:
    recorder = RunRecorder(str(trials))
    first, second = Guest(tmp_path / "first"), Guest(tmp_path / "second")
    first.train(2)
    followers = [Follower(guest.folder, Line(lambda: recorder, n)) for n, guest in enumerate((first, second), 1)]
    followers[0].tick()
    recorder.expect("t000", 2)
    first.train(2)
    second.step = 2
    second.train(1)
    followers[1].tick()
    with pytest.raises(SupersededError):
        followers[0].tick()
    assert recorder.put("t000", 1, "last.json", 0, b"late") == SUPERSEDED
    assert steps(trials / "t000") == [1, 2, 3]
    assert (trials / "t000" / "output.log").read_text() == "step 1\nstep 2\nstep 3\n"


def test_a_line_that_a_lost_node_tore_is_ended_before_the_next_attempt(trials: Path, tmp_path: Path) -> None:
    here = trials / "t000"
    (here / EVENTS).write_bytes(b'{"v":1,"kind":"step","step":1}\n{"v":1,"ki')
    guest = Guest(tmp_path / "guest")
    guest.train(1)
    Follower(guest.folder, Line(lambda: RunRecorder(str(trials)), 2)).tick()
    lines = (here / EVENTS).read_bytes().split(b"\n")
    assert lines[1] == b'{"v":1,"ki'
    assert json.loads(lines[2])["step"] == 1


def test_only_whole_lines_are_sent(trials: Path, tmp_path: Path) -> None:
    guest = Guest(tmp_path / "guest")
    guest.train(1)
    with (guest.folder / EVENTS).open("ab") as file:
        file.write(b'{"v":1,"kind":"st')
    Follower(guest.folder, Line(lambda: RunRecorder(str(trials)))).tick()
    assert steps(trials / "t000") == [1]


def test_a_full_disk_is_waited_for(trials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    guest, recorder = Guest(tmp_path / "guest"), RunRecorder(str(trials))
    guest.train(5)
    guest.save()
    follower = Follower(guest.folder, Line(lambda: recorder))
    with monkeypatch.context() as patch:
        patch.setattr("cockpit.engine.run_recorder.os.write", full)
        follower.tick()
        assert follower.is_behind
        assert not (trials / "t000" / "last.json").exists()
    assert os.write is write
    while follower.tick():
        pass
    assert not follower.is_behind
    assert steps(trials / "t000") == [1, 2, 3, 4, 5]
    assert saved_step(trials / "t000") == 5


def test_what_is_written_is_there_once_it_was_waited_for(trials: Path, tmp_path: Path) -> None:
    guest, recorder = Guest(tmp_path / "guest"), RunRecorder(str(trials))
    shipment = Shipment(Follower(guest.folder, Line(lambda: recorder)))
    for _ in range(5):
        guest.train(3)
        assert shipment.flush(30.0)
        assert steps(trials / "t000")[-1] == guest.step
    guest.save()
    assert shipment.close(30.0)
    assert saved_step(trials / "t000") == guest.step


@pytest.mark.parametrize("name", ["../t001/last.json", "/etc/passwd", "", ".."])
def test_nothing_is_written_outside_of_the_trial(name: str, trials: Path) -> None:
    recorder = RunRecorder(str(trials))
    with pytest.raises(PermissionError):
        recorder.put("t000", 1, name, 0, b"x")
    with pytest.raises(PermissionError):
        recorder.put("../..", 1, "last.json", 0, b"x")
    with pytest.raises(PermissionError):
        recorder.read("/etc/passwd", 0, 10)
