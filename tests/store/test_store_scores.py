"""Scores of the leaderboard: recorded for good, and shown in lists."""

import json
import math
import subprocess
import sys

import pytest
from builders import Recorder

from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index
from cockpit.store.scores import (
    Score,
    append_score,
    leaderboard_text,
    newest,
    pairs,
    record_score,
    score_text,
    scores,
)
from cockpit.store.summary import add_score, read_summary, write_summary


@pytest.fixture
def run(tmp_path):
    return Recorder(tmp_path).trial(0, [0.5], baseline=True).end()


def test_scores_come_back_in_the_order_in_which_they_were_entered(run):
    assert scores(run) == []
    first, second = record_score(run, 0.727, False), record_score(run, -1.5, True)
    assert scores(run) == [first, second]
    assert [score.value for score in scores(run)] == [0.727, -1.5]
    assert [score.private for score in scores(run)] == [False, True]
    assert first.who
    assert second.at >= first.at > 1e9
    lines = [json.loads(line) for line in run.scores.read_text().splitlines()]
    assert lines[0] == {"value": 0.727, "private": False, "at": first.at, "who": first.who}


def test_the_newest_score_of_each_part_counts():
    known = [Score(0.7, False, 1.0, ""), Score(0.8, True, 2.0, ""), Score(0.6, False, 3.0, "")]
    assert (newest(known, private=False), newest(known, private=True)) == (0.6, 0.8)
    assert leaderboard_text(known) == "LB 0.6 · private LB 0.8"
    assert leaderboard_text(known[1:2]) == "private LB 0.8"
    assert newest([], private=False) is None
    assert leaderboard_text([]) == ""


@pytest.mark.parametrize(("value", "text"), [(0.727, "0.727"), (0.93921, "0.93921"), (12.0, "12"), (-1e-7, "-1e-07")])
def test_a_score_is_written_with_all_its_digits(value, text):
    assert score_text(value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(run, value):
    with pytest.raises(
        FolderError, match=f"^{value} is no score; enter the number that the leaderboard shows for exp0"
    ):
        add_score(run, value)
    assert not run.scores.exists()


NO_SCORES = ["", "{", "[]", "null", "{}", '{"value": "x"}', '{"value": NaN}', '{"value": null}', '{"value": [1]}']
NO_SCORES += ['{"value": 1, "at": "x"}', '{"value": 1e999}', "\udcff", '{"value": 1, "at": Infinity}']


@pytest.mark.parametrize("line", NO_SCORES)
def test_lines_that_are_no_score_are_passed_over(run, line):
    run.scores.write_bytes(line.encode("utf-8", "surrogateescape"))
    score = record_score(run, 0.5, False)
    assert scores(run) == [score]


def test_a_line_of_somebody_else_needs_no_more_than_its_value(run):
    run.scores.write_text('{"value": 1, "who": "a\\u001b[31mb"}\n{"value": "0.5", "private": "yes"}\n')
    assert scores(run) == [Score(1.0, False, 0.0, "ab"), Score(0.5, False, 0.0, "")]


def test_a_folder_that_cannot_be_written_is_one_line(run):
    run.scores.mkdir()
    with pytest.raises(FolderError, match=r"scores.jsonl: cannot be written \([^\n]*\); the score is not recorded$"):
        add_score(run, 0.5)


def test_lists_show_the_newest_public_score(run):
    assert write_summary(run)["leaderboard"] is None
    for value, private in [(0.7, False), (0.8, True), (0.6, False), (0.9, True)]:
        add_score(run, value, private)
    assert json.loads(run.summary.read_text())["leaderboard"] == 0.6
    run.summary.unlink()
    assert read_summary(run, 0.0)["leaderboard"] == 0.6


def test_the_summary_of_a_sweep_that_runs_is_left_to_it(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    before = write_summary(recorder.run)
    add_score(recorder.run, 0.7)
    assert json.loads(recorder.run.summary.read_text()) == before
    assert write_summary(recorder.run)["leaderboard"] == 0.7


def test_what_is_no_experiment_takes_no_score(tmp_path):
    run = RunFolder(tmp_path / "exp007-what")
    run.path.mkdir()
    with pytest.raises(FolderError, match=r"^exp007 takes no score: [^\n]*no sweep.jsonl[^\n]*$"):
        add_score(run, 0.5)
    assert not run.scores.exists()


def test_processes_that_enter_scores_at_once_lose_none(run):
    write_summary(run)
    program = (
        "import sys; from pathlib import Path; from cockpit.store.folder import RunFolder\n"
        "from cockpit.store.summary import add_score\n"
        "for value in range(20): add_score(RunFolder(Path(sys.argv[1])), value + float(sys.argv[2]))"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, run.path, str(start)]) for start in (0, 100)]
    assert [process.wait() for process in started] == [0, 0]
    assert sorted(score.value for score in scores(run)) == [*range(20), *range(100, 120)]


def test_a_secret_in_the_words_of_a_score_is_not_kept(run):
    append_score(run, Score(0.5, False, 1.0, "me", note="pushed with KGAT_c4n4ryC4N4RY0123456789abcdef"))
    assert scores(run)[0].note == "pushed with [redacted]"
    assert b"c4n4ry" not in run.scores.read_bytes()


def test_scores_stand_beside_the_values_of_their_trials(tmp_path):
    recorder = Recorder(tmp_path)
    for number, best in enumerate((0.5, 0.75, math.nan, 0.25)):
        recorder.trial(number, [best])
    with Index(recorder.end()) as index:
        trials = index.trials()
    own = [Score(0.4, False, 1.0, "", "t000"), Score(0.45, False, 2.0, "", "t000"), Score(0.1, False, 3.0, "", "t002")]
    others = [Score(0.9, False, 4.0, "", "t003", ("a", "b")), Score(0.8, True, 5.0, "", "t003")]
    assert pairs([*own, *others], trials, trials[1]) == [("t000", 0.5, 0.45)]
    whole = [Score(0.6, False, 6.0, "")]
    assert pairs([*own, *whole], trials, trials[1]) == [("t000", 0.5, 0.45), ("t001", 0.75, 0.6)]
    assert pairs(whole, trials, None) == []
    assert pairs([], trials, trials[1]) == []
