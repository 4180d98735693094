"""The best trial against the baseline on the rows that both of them scored, and where that stands."""

import json

import pytest
from predicted import experiment, noisy, part

from cockpit.cli.ending import compare_rows
from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.ensemble.rows import row_gain
from cockpit.store.row_gain import FILE, read_row_gain

BAD, GOOD = noisy(1, 3.0), noisy(2, 0.5)


def test_the_gain_comes_with_its_interval_over_groups(tmp_path):
    run = experiment(tmp_path, "exp001-a", BAD, GOOD)
    found = row_gain(run, "t001", "t000")
    assert (found.trial, found.baseline, found.rows, found.groups) == ("t001", "t000", 120, 60)
    assert 0 < found.low < found.gain < found.high < 1
    back = row_gain(run, "t000", "t001")
    assert (back.gain, back.low, back.high) == pytest.approx((-found.gain, -found.high, -found.low))


@pytest.mark.parametrize("baseline", [None, part(BAD, slice(0, 5))])
def test_without_rows_in_common_nothing_is_said(tmp_path, baseline):
    assert row_gain(experiment(tmp_path, "exp001-a", baseline, GOOD), "t001", "t000") is None


def test_the_end_of_a_sweep_keeps_it_and_the_entry_tells_it(tmp_path, monkeypatch):
    run = experiment(tmp_path, "exp001-a", BAD, GOOD)
    saved = "cockpit.store.reader.Index.saved"
    monkeypatch.setattr(saved, lambda index, trial: {})
    compare_rows(run)
    assert read_row_gain(run) is None, "whoever kept no predictions is not asked for them"
    monkeypatch.setattr(saved, lambda index, trial: {"predictions": "predictions.npz"})
    compare_rows(run)
    found = read_row_gain(run)
    text = entry(gather(tmp_path, run))
    assert f" · t001 over rows +{found.gain:.4f} [+{found.low:.4f}, +{found.high:.4f}] · " in text
    (run.path / FILE).write_text(json.dumps({**json.loads((run.path / FILE).read_text()), "baseline": "t007"}))
    assert "over rows" not in entry(gather(tmp_path, run)), "it speaks of another trial"


@pytest.mark.parametrize("text", ["", "[]", '{"trial": "t001"}', "null"])
def test_a_damaged_record_says_nothing(tmp_path, text):
    run = experiment(tmp_path, "exp001-a", BAD, GOOD)
    (run.path / FILE).write_text(text)
    assert read_row_gain(run) is None


def test_a_record_of_other_things_than_trials_and_numbers_says_nothing(tmp_path):
    run = experiment(tmp_path, "exp001-a", BAD, GOOD)
    sound = {"trial": "t001", "baseline": "t000", "rows": 9, "groups": 9, "gain": 0.1, "low": 0.0, "high": 0.2}
    for key, value in (("trial", "# x"), ("gain", float("nan")), ("low", "low")):
        (run.path / FILE).write_text(json.dumps({**sound, key: value}))
        assert read_row_gain(run) is None
