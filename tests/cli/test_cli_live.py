"""The live table and the plain lines of a running sweep."""

import io
import math

import pytest
from builders import Recorder
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cockpit.cli.live import Lines, LiveTable, view_for
from cockpit.events.kinds import Step, TrialPaused, TrialStarted
from cockpit.store.indexer import Indexer
from cockpit.store.reader import Index


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(view, run):
    with Indexer(run) as indexer:
        indexer.sync()
    with Index(run) as index:
        view.show(index, index.sweep(), index.trials())


def frames(recorder, width, height=24):
    """What a terminal without colours gets."""
    file = Terminal()
    view = LiveTable(Console(file=file, width=width, height=height, highlight=False, markup=False, no_color=True))
    show(view, recorder.run)
    recorder.end()
    show(view, recorder.run)
    # The last frame is drawn once more before it is wiped away.
    return list(dict.fromkeys(Text.from_ansi(line).plain for line in file.getvalue().splitlines()))


def wide_search(logs):
    names = ["batch_size", "weight_decay", "learning_rate", "image_model", "dropout"]
    config = {"batch_size": 32, "weight_decay": 0.01, "learning_rate": 3e-4, "image_model": "large/one", "dropout": 0.1}
    recorder = Recorder(logs, varied=names, question="\x1b[2J")
    recorder.trial(0, [0.5], config=config, baseline=True)
    recorder.start(1, config=config).write(Step(step=4, metrics={"loss": 0.25}))
    return recorder


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_of_the_live_table_is_wider_than_the_terminal(tmp_path, width):
    lines = frames(wide_search(tmp_path), width)
    assert max(map(cell_len, lines)) <= width
    assert any("t000 ◆  ✓ finished" in line for line in lines)
    assert any("t001    ● running" in line for line in lines)


def test_the_live_table_says_how_far_trials_are(tmp_path):
    lines = frames(wide_search(tmp_path), 200)
    (row,) = [line for line in lines if line.startswith("t001")]
    assert row.split()[:5] == ["t001", "●", "running", "4/10", "0.2500"]
    assert any("1/3 done, 1 running" in line for line in lines)
    assert any(line.startswith("best score 0.5000 +0.0000 against baseline") for line in lines)


def test_a_low_terminal_shows_running_and_best_trials(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(20):
        recorder.trial(number, [number / 20], baseline=number == 0)
    recorder.start(20)
    lines = frames(recorder, 80, height=11)
    assert [line.split()[0] for line in lines if line.startswith("t0")] == ["t000", "t017", "t018", "t019", "t020"]


def test_lines_say_every_evaluation_and_every_end_once(tmp_path):
    stream = io.StringIO()
    view = Lines(stream)
    recorder = Recorder(tmp_path)
    show(view, recorder.run)
    recorder.trial(0, [0.25, math.nan, 0.5])
    show(view, recorder.run)
    show(view, recorder.run)
    recorder.trial(1, [0.1], status="pruned", reason="asha rung 1: low")
    show(view, recorder.run)
    assert stream.getvalue().splitlines() == [
        "t000  evaluation 1  score 0.2500  best 0.2500",
        "t000  evaluation 2  score NaN  best 0.2500",
        "t000  evaluation 3  score 0.5000  best 0.5000",
        "t000  finished  score 0.5000",
        "t001  evaluation 1  score 0.1000  best 0.1000",
        "t001  pruned  score 0.1000  asha rung 1: low",
    ]


def test_of_a_sweep_that_is_taken_up_again_only_what_is_new_is_told(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.1], baseline=True)
    stream = io.StringIO()
    view = Lines(stream, since=1_000_001.5)
    recorder.trial(1, [0.2])
    with Index(recorder.run) as index:
        view.show(index, index.sweep(), index.trials())
    assert "t000" not in stream.getvalue()
    assert "t001  evaluation 1" in stream.getvalue()


def test_a_terminal_gets_the_table_and_a_pipe_gets_lines():
    assert isinstance(view_for(io.StringIO()), Lines)
    table = view_for(Terminal())
    assert isinstance(table, LiveTable)
    table._live.stop()


def test_trials_that_rest_are_not_done_and_are_told_each_time(tmp_path):
    stream = io.StringIO()
    view, recorder = Lines(stream), Recorder(tmp_path)
    recorder.start(0)
    recorder.ledger.write(TrialPaused(trial="t000", reason="paused by me@here"))
    recorder.start(1)
    recorder.ledger.write(TrialPaused(trial="t001", status="waiting", reason="attempt 1 failed: no"))
    recorder.start(2)
    show(view, recorder.run)
    show(view, recorder.run)
    recorder.ledger.write(TrialStarted(trial="t000", attempt=2))
    recorder.ledger.write(TrialPaused(trial="t000", attempt=2, reason="paused by you@here"))
    show(view, recorder.run)
    assert stream.getvalue().splitlines() == [
        "t000  paused  score —  paused by me@here",
        "t001  waiting  score —  attempt 1 failed: no",
        "t000  paused  score —  paused by you@here",
    ]
    lines = frames(recorder, 200)
    assert any("0/3 done, 1 running, 1 paused, 1 waiting" in line for line in lines)
    assert [line.split()[0] for line in lines if line.startswith("t00")][:3] == ["t000", "t001", "t002"]
