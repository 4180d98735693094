"""The list of experiments follows what is in the logs folder, and reads only what changed."""

import json
import os

import pytest
from builders import Recorder

from cockpit.store import catalogue
from cockpit.store.catalogue import Catalogue
from cockpit.store.summary import write_summary

NOW = 1_000_100.0


def finished(logs, name, scores):
    recorder = Recorder(logs, name)
    for number, score in enumerate(scores):
        recorder.trial(number, [score], baseline=number == 0)
    run = recorder.end()
    write_summary(run)
    return run


def test_no_folder_and_an_empty_one_have_no_experiments(tmp_path):
    assert Catalogue(tmp_path / "none").look(NOW) == ()
    assert Catalogue(tmp_path).look(NOW) == ()


def test_the_newest_stands_first_with_its_delta(tmp_path):
    finished(tmp_path, "exp001-hill", [0.5, 0.4])
    finished(tmp_path, "exp002-hill", [0.5, 0.75])
    second, first = Catalogue(tmp_path).look(NOW)
    assert (first.id, second.id) == ("exp001", "exp002")
    assert (second.best, second.baseline, second.delta) == (0.75, 0.5, 0.25)
    assert (second.status, second.ended_trials, second.best_trial) == ("finished", 2, "t001")
    assert second.verdict == "open"


def test_only_what_changed_is_read(tmp_path, monkeypatch):
    finished(tmp_path, "exp001-hill", [0.5])
    run = finished(tmp_path, "exp002-hill", [0.5])
    read = []
    original = catalogue.read_summary
    monkeypatch.setattr(catalogue, "read_summary", lambda run, now: read.append(run.id) or original(run, now))
    watched = Catalogue(tmp_path)
    assert watched.look(NOW) == watched.look(NOW)
    assert sorted(read) == ["exp001", "exp002"]
    read.clear()
    summary = json.loads(run.summary.read_text())
    run.summary.write_text(json.dumps({**summary, "best": 0.9}))
    os.utime(run.summary, ns=(1, 1))
    assert watched.look(NOW)[0].best == 0.9
    assert read == ["exp002"]


def test_a_running_sweep_is_looked_at_every_time(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    write_summary(recorder.run)
    summary = json.loads(recorder.run.summary.read_text())
    recorder.run.summary.write_text(json.dumps({**summary, "updated": NOW}))
    watched = Catalogue(tmp_path)
    assert watched.look(NOW)[0].silent is None
    (row,) = watched.look(NOW + 100)
    assert row.silent == 100
    assert row.status == "running"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"status": "running"}'])
def test_a_folder_that_is_no_experiment_is_said_to_be_broken(tmp_path, text):
    (tmp_path / "exp001-odd").mkdir()
    (tmp_path / "exp001-odd" / "summary.json").write_text(text)
    (row,) = Catalogue(tmp_path).look(NOW)
    assert row.status == "broken"
    assert row.reason
    assert row.best is None


def test_an_experiment_that_goes_away_is_gone(tmp_path):
    run = finished(tmp_path, "exp001-hill", [0.5])
    watched = Catalogue(tmp_path)
    assert len(watched.look(NOW)) == 1
    run.path.rename(tmp_path / "elsewhere")
    assert watched.look(NOW) == ()
