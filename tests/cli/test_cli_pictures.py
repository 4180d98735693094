"""Pictures are drawn by the commands that write the diary, and turned off by who does not want them."""

import pytest
from builders import Recorder
from click.testing import CliRunner

from cockpit.cli.diary import diary
from cockpit.cli.pictures import SWITCH, draw_pictures
from cockpit.cli.words import score
from cockpit.diary.plots import curves
from cockpit.store.folder import experiments
from cockpit.store.summary import add_score


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.delenv(SWITCH)
    for number in (1, 2):
        recorder = Recorder(tmp_path, f"exp00{number}-hill", varied=["x", "y"], at=1000.0 * number)
        for trial in range(6):
            recorder.trial(trial, [0.1, trial / 10], config={"x": trial, "y": trial % 2})
        recorder.end()
    return tmp_path


def write(logs, *words):
    return CliRunner().invoke(diary, ["--write", "--logs", str(logs), *words])


def names(logs):
    return sorted(path.name for path in (logs / "exp001-hill").glob("*.png"))


def test_pictures_are_drawn_with_the_entries_and_only_once(logs):
    done = write(logs)
    assert done.exit_code == 0, done.output
    assert "8 pictures in" in done.output
    assert names(logs) == ["curves.png", "importance.png", "parallel.png", "slices.png"]
    assert "![curves](exp002-hill/curves.png)" in done.output
    assert "importance (no more than a hint, from 6 trials) x" in done.output
    assert "pictures in" not in write(logs).output
    for run in experiments(logs):
        add_score(run, 0.7)
    assert "1 picture in" in write(logs).output
    assert (logs / "cv_lb.png").exists()


def test_a_score_is_in_the_picture_at_once(logs):
    for name, value in (("exp001", "0.7"), ("exp002", "0.65")):
        assert CliRunner().invoke(score, [name, value, "--logs", str(logs)]).exit_code == 0
    first = (logs / "cv_lb.png").read_bytes()
    CliRunner().invoke(score, ["exp002", "0.9", "--logs", str(logs)])
    assert (logs / "cv_lb.png").read_bytes() != first


def test_pictures_can_be_left_out(logs, monkeypatch):
    assert write(logs, "--no-pictures").exit_code == 0
    assert names(logs) == []
    monkeypatch.setenv(SWITCH, "0")
    assert draw_pictures(logs, experiments(logs)) == ""


def test_a_picture_that_fails_is_told_in_one_line_and_the_entry_comes_all_the_same(logs, monkeypatch):
    def broken(_):
        raise ValueError("no\nluck")

    monkeypatch.setattr(curves, "curves", broken)
    done = write(logs)
    assert done.exit_code == 0
    assert "exp001: no picture (ValueError: no luck)" in done.output
    assert "## exp002 · hill" in done.output


def test_a_running_sweep_has_no_pictures_yet(tmp_path, monkeypatch):
    monkeypatch.delenv(SWITCH)
    recorder = Recorder(tmp_path).trial(0, [0.1, 0.2]).trial(1, [0.2, 0.3])
    assert write(tmp_path).exit_code == 0
    assert list(recorder.run.path.glob("*.png")) == []


def test_one_entry_can_be_written_with_its_pictures(logs):
    assert write(logs, "exp001").exit_code == 0
    assert names(logs)
    assert list((logs / "exp002-hill").glob("*.png")) == []
