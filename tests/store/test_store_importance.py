"""The kept importance of parameters: read without the engine, and never of other trials than these."""

from __future__ import annotations

import pytest
from builders import Recorder

from cockpit.store.importance import Importance, keep_importance, kept_importance, read_importance
from cockpit.store.mirror import MirroredFolder
from cockpit.store.reader import Index

FOUND = Importance(
    "score", 4, {"x": 0.75, "size": 0.25}, {"x": [0.1, 0.2], "size": [16, 32]}, ("size",), ("t007",), why=""
)


@pytest.fixture
def run(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(4):
        recorder.trial(number, [number / 10])
    return recorder.end()


def trials_of(run):
    with Index(run) as index:
        return index.trials()


def test_what_is_kept_is_read_as_it_was(run):
    keep_importance(run, trials_of(run), FOUND)
    assert kept_importance(run, trials_of(run)) == FOUND
    assert read_importance(run) == read_importance(run, trials_of(run)) == {"x": 0.75, "size": 0.25}
    assert list(read_importance(run)) == ["x", "size"]


def test_nothing_is_read_where_nothing_is_kept_or_nothing_can_be_told(run):
    assert read_importance(run) is None
    keep_importance(run, trials_of(run), Importance("score", 4, {"x": 1.0}, why="all trials have the same score"))
    assert read_importance(run) is None
    assert kept_importance(run).why == "all trials have the same score"


@pytest.mark.parametrize(
    "change",
    [
        lambda trial: trial._replace(best=0.35),
        lambda trial: trial._replace(status="pruned"),
        lambda trial: trial._replace(config={"x": 0.31}),
        lambda trial: trial._replace(status="failed"),
    ],
)
def test_it_is_stale_when_a_judged_trial_is_another(run, change):
    trials = trials_of(run)
    keep_importance(run, trials, FOUND)
    assert kept_importance(run, [*trials[:3], change(trials[3])]) is None
    assert kept_importance(run, trials[:3]) is None


def test_it_is_stale_when_the_space_is_another_and_not_when_a_trial_only_runs(run):
    trials = trials_of(run)
    keep_importance(run, trials, FOUND)
    assert kept_importance(run, [*trials, trials[0]._replace(id="t004", status="running")]) == FOUND
    run.search.write_text("name: hill\n")
    assert kept_importance(run, trials) is None


@pytest.mark.parametrize("text", ["", "[]", "null", '{"of": 3}', '{"shares": {"x": "a"}}', "\x00"])
def test_a_file_that_somebody_else_wrote_is_passed_over(run, text):
    run.importance.write_text(text)
    assert kept_importance(run) is None
    assert kept_importance(run, trials_of(run)) is None


def test_a_mirror_keeps_its_own_beside_its_index(run, tmp_path):
    mirror = MirroredFolder(run.path, tmp_path / "cache")
    assert mirror.importance.parent == mirror.index.parent
