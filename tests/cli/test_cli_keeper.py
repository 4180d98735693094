"""The entry of a running sweep is written as trials end: seldom, in another thread, and never after the last word."""

import threading

import pytest
from builders import Recorder

from cockpit.cli import keeper
from cockpit.cli.keeper import DiaryKeeper, write_or_tell
from cockpit.diary.entries import FILE
from cockpit.store.reader import Index


class Seen:
    """A view that remembers what it was shown."""

    def __init__(self):
        self.shown = []

    def show(self, index, sweep, trials):
        self.shown.append(len(trials))


class Sweep:
    """A running sweep whose trials are told one by one, and what keeps its entry."""

    def __init__(self, logs):
        self.logs, self.recorder, self.view = logs, Recorder(logs), Seen()
        self.keeper = DiaryKeeper(logs, self.recorder.run, self.view)

    def look(self):
        """Show the sweep as it is; return the diary once nothing is being written any more."""
        with Index(self.recorder.run) as index:
            self.keeper.show(index, index.sweep(), index.trials())
        self.keeper.close()
        path = self.logs / FILE
        return path.read_text() if path.exists() else ""

    def trial(self, number):
        self.recorder.trial(number, [number / 10])
        # The index has one writer, which reads what is new only when it is opened again.
        (self.recorder.run.index).unlink(missing_ok=True)


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "TIMES_LONGER", 0.0)
    return Sweep(tmp_path)


def test_the_entry_is_written_when_a_trial_has_ended(sweep):
    sweep.recorder.start(9)
    assert sweep.look() == ""
    sweep.trial(0)
    assert "| **t000** |" in sweep.look()
    sweep.trial(1)
    assert "| **t001** |" in sweep.look()
    assert sweep.view.shown == [1, 2, 3]


def test_nothing_is_written_while_no_trial_ends(sweep):
    sweep.trial(0)
    sweep.look()
    (sweep.logs / FILE).unlink()
    assert sweep.look() == ""


def test_two_times_are_far_apart(sweep, monkeypatch):
    monkeypatch.setattr(keeper, "LEAST_SECONDS", 1000.0)
    sweep.trial(0)
    assert "t000" in sweep.look()
    sweep.trial(1)
    assert "t001" not in sweep.look()


def test_a_diary_that_takes_long_is_written_more_seldom(sweep, monkeypatch):
    monkeypatch.setattr(keeper, "TIMES_LONGER", 1e9)
    sweep.trial(0)
    assert "t000" in sweep.look()
    sweep.trial(1)
    assert "t001" not in sweep.look()


def test_a_diary_that_cannot_be_written_ends_nothing(sweep, capsys):
    (sweep.logs / FILE).mkdir()
    sweep.trial(0)
    before = set(threading.enumerate())
    with pytest.raises(IsADirectoryError):
        sweep.look()
    assert "cannot read the diary" in capsys.readouterr().err
    assert set(threading.enumerate()) <= before


def test_damaged_markers_are_told_in_one_line_and_left_alone(sweep, capsys):
    text = "mine\n<!-- cockpit:begin exp001 -->\nhalf\n"
    (sweep.logs / FILE).write_text(text)
    sweep.trial(0)
    assert write_or_tell(sweep.logs, sweep.recorder.run) == sweep.logs / FILE
    assert capsys.readouterr().err.startswith("cockpit: diary.md: the markers of exp001 are not one pair in order; ")
    assert (sweep.logs / FILE).read_text() == text
