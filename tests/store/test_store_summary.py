"""`summary.json`: replaced as a whole, and never needed."""

import json
import math
import threading

import pytest
from builders import Recorder

from cockpit.store.folder import RunFolder
from cockpit.store.summary import read_summary, replace_file, write_summary

NOW = 1_000_100.0


@pytest.fixture
def run(tmp_path):
    recorder = Recorder(tmp_path, trials=5)
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.25, 0.75]).trial(2, [math.nan], status="diverged")
    return recorder.end()


def test_the_summary_says_what_a_list_shows(run):
    summary = write_summary(run)
    assert summary == json.loads(run.summary.read_text())
    assert (summary["experiment"], summary["search"], summary["status"]) == ("exp001", "hill", "finished")
    assert (summary["trials"], summary["started_trials"], summary["ended_trials"]) == (5, 3, 3)
    assert (summary["best"], summary["best_trial"], summary["baseline"]) == (0.75, "t001", 0.5)
    assert summary["history"] == [0.5, 0.75, None]


def test_the_summary_is_strict_json(tmp_path):
    run = Recorder(tmp_path).trial(0, [math.inf], baseline=True).end()
    write_summary(run)

    def refuse(token):
        raise AssertionError(token)

    summary = json.loads(run.summary.read_text(), parse_constant=refuse)
    assert (summary["best"], summary["baseline"], summary["history"]) == (None, None, [None])


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", '{"updated": 1}', "\udcff"])
def test_a_missing_or_broken_summary_is_made_from_the_record(run, text):
    if text is not None:
        run.summary.write_bytes(text.encode("utf-8", "surrogateescape"))
    summary = read_summary(run, NOW)
    assert (summary["best"], summary["status"], summary["updated"]) == (0.75, "finished", NOW)


@pytest.mark.parametrize("key", ["status", "pid", "best", "history", "trials", "started", "question"])
@pytest.mark.parametrize("value", [{"a": 1}, True, [["x"]]], ids=str)
def test_a_summary_with_values_of_other_kinds_is_made_from_the_record(run, key, value):
    run.summary.write_text(json.dumps({**write_summary(run), key: value}))
    summary = read_summary(run, NOW)
    assert (summary["best"], summary["status"], summary["updated"]) == (0.75, "finished", NOW)


def test_a_folder_without_a_record_is_broken_and_says_why(tmp_path):
    run = RunFolder(tmp_path / "exp007-what")
    run.path.mkdir()
    summary = read_summary(run, NOW)
    assert (summary["experiment"], summary["search"], summary["status"]) == ("exp007", "what", "broken")
    assert "no sweep.jsonl" in summary["reason"]


def test_a_living_sweep_that_says_nothing_is_silent(tmp_path):
    recorder = Recorder(tmp_path)
    updated = write_summary(recorder.run)["updated"]
    assert "silent" not in read_summary(recorder.run, updated + 15.0)
    assert read_summary(recorder.run, updated + 20.0)["silent"] == 20.0
    assert read_summary(recorder.run, updated + 20.0)["status"] == "running"


def test_a_summary_of_a_sweep_that_died_says_interrupted(tmp_path):
    recorder = Recorder(tmp_path)
    summary = write_summary(recorder.run)
    assert summary["status"] == "running"
    replace_file(recorder.run.summary, json.dumps(summary | {"process_started": "1"}))
    shown = read_summary(recorder.run, summary["updated"] + 100)
    assert shown["status"] == "interrupted"
    assert "silent" not in shown


def test_readers_never_see_a_part_of_a_file(tmp_path):
    path, texts = tmp_path / "file", {letter * 100_000 for letter in "abc"}
    replace_file(path, "a" * 100_000)
    seen, over = set(), threading.Event()

    def read():
        while not over.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for text in sorted(texts) * 30:
        replace_file(path, text)
    over.set()
    reader.join()
    assert seen <= texts
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
