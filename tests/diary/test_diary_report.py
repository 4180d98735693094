"""The full page of an experiment: what an entry has no room for."""

import pytest
from builders import Recorder, every_kind

from cockpit.diary.book import write_entry
from cockpit.diary.facts import gather
from cockpit.diary.report import report
from cockpit.events.kinds import Built, Eval
from cockpit.store.folder import FolderError

HOSTILE = "a | b `c` <img src=x>\n# heading\x1b[31m"


def page(run):
    return report(gather(run.path.parent, run))


def test_every_trial_stands_in_it_best_first(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(33):
        recorder.trial(number, [number / 100])
    rows = [line for line in page(recorder.end()).splitlines() if line.startswith(("| t0", "| **t0"))]
    assert len(rows) == 33
    assert rows[0].startswith("| **t032** |")
    assert rows[-1].startswith("| t000 |")


def test_settings_are_shown_as_asked_for_and_as_built(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Built(effective={"x": 0.25, "optimizer": "Adam"}))
    writer.write(Eval(step=1, metrics={"score": 0.5}))
    recorder.finish(0, writer)
    lines = page(recorder.end()).splitlines()
    assert "| `x` | 0 | 0.25 |" in lines
    assert "| `optimizer` |  | Adam |" in lines


def test_where_it_ran_on_its_machine_is_not_told(tmp_path):
    environment = {
        "folder": "/home/me/secret",
        "process_started": "12345",
        "python": "3.11",
        "versions": {"torch": "2"},
    }
    text = page(Recorder(tmp_path, environment=environment).trial(0, [0.5]).end())
    assert "| python | 3.11 |" in text
    assert "| torch | 2 |" in text
    assert "secret" not in text
    assert "12345" not in text


def test_hostile_words_stay_words(tmp_path):
    text = page(Recorder(tmp_path, question=HOSTILE).trial(0, [0.5], reason=HOSTILE, status="failed").end())
    assert "\n# heading" not in text
    assert "<img" not in text.replace("\\<img", "")
    assert "\x1b" not in text


def test_it_is_written_beside_the_entry_and_only_when_it_differs(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    write_entry(tmp_path, run)
    path = run.path / "report.md"
    assert path.read_text(encoding="utf-8") == page(run)
    before = path.stat().st_ino
    write_entry(tmp_path, run)
    assert path.stat().st_ino == before


def test_a_report_that_cannot_be_written_is_told_in_one_line(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    (run.path / "report.md").mkdir()
    with pytest.raises(FolderError, match=r"report\.md: cannot write the report"):
        write_entry(tmp_path, run)


def test_files_of_the_best_trial_are_named(tmp_path):
    assert "- best: `trials/t001/best.pt`" in page(every_kind(tmp_path))
