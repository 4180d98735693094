"""An entry that says of a dead sweep that it runs is written again by whoever looks next."""

import os
import subprocess
import sys

import pytest
from builders import Recorder

from cockpit.diary.book import write_entry
from cockpit.diary.entries import FILE
from cockpit.diary.mending import mend
from cockpit.store.life import process_started


@pytest.fixture
def dead(tmp_path):
    """A sweep that was killed after its entry had been written."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    recorder = Recorder(tmp_path, pid=process.pid, environment={"process_started": process_started(process.pid)})
    recorder.trial(0, [0.5])
    recorder.start(1)
    write_entry(tmp_path, recorder.run)
    assert "## exp001 · hill ⏳" in (tmp_path / FILE).read_text()
    process.communicate()
    return recorder.run


def test_the_entry_of_a_dead_sweep_says_so_and_how_it_can_go_on(dead, tmp_path):
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text() + "my words\n")
    assert mend(tmp_path) == ["exp001"]
    text = (tmp_path / FILE).read_text()
    assert "## exp001 · hill ⚠" in text
    assert "**interrupted**: its process ended without a word" in text
    assert text.endswith("my words\n")
    assert mend(tmp_path) == []


def test_a_sweep_that_runs_is_left_alone(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0)
    write_entry(tmp_path, recorder.run)
    before = (tmp_path / FILE).stat().st_mtime_ns
    assert mend(tmp_path) == []
    assert (tmp_path / FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["", "# mine ⏳\n", "<!-- cockpit:begin exp009 -->\n## exp009 · gone ⏳\n"])
def test_a_diary_without_such_entries_stays(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert mend(tmp_path) == []
    assert (tmp_path / FILE).read_text() == text


def test_no_diary_and_no_folder_are_nothing(tmp_path):
    assert mend(tmp_path / "nowhere") == []


def test_damaged_markers_are_left_alone(dead, tmp_path):
    text = (tmp_path / FILE).read_text().replace("<!-- cockpit:end exp001 -->", "")
    (tmp_path / FILE).write_text(text)
    assert mend(tmp_path) == []
    assert (tmp_path / FILE).read_text() == text


def test_nothing_is_written_in_a_folder_that_must_not_be_written(dead, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    before = (tmp_path / FILE).read_bytes()
    assert mend(tmp_path) == []
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("command", [["ls"], ["show", "exp001"], ["diary"]])
def test_commands_that_look_at_the_experiments_mend_it(dead, tmp_path, command):
    words = [sys.executable, "-m", "cockpit", *command, "--logs", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "## exp001 · hill ⚠" in (tmp_path / FILE).read_text()
