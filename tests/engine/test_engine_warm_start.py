"""What is taken from another experiment, and how a sweep's own trials come back."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
from builders import Recorder
from sweeping import search

from cockpit.engine.past import Past
from cockpit.engine.proposer import proposer_for
from cockpit.engine.warm_start import earlier_life, history, planned
from cockpit.events.kinds import Answered
from cockpit.search.errors import SearchError
from cockpit.store.folder import RunFolder

GRID: dict[str, Any] = {"method": "grid", "parameters": {"x": {"values": [0.0, 0.1, 0.2, 0.3]}}}


def earlier(logs: Path, **fields: Any) -> RunFolder:
    """Trials at x = 0.0, 0.1 … of which one of each way to end, and one outside of what `GRID` looks at."""
    recorder = Recorder(logs, "exp003-hill", **fields)
    recorder.trial(0, [0.1, math.nan, 0.3], baseline=True)
    recorder.trial(1, [0.2], status="pruned")
    recorder.trial(2, [], status="failed")
    recorder.trial(3, [0.5], status="interrupted")
    recorder.trial(4, [0.9])
    return recorder.end()


def test_what_lies_inside_the_space_is_used_and_the_rest_is_counted(tmp_path: Path) -> None:
    lesson = history(earlier(tmp_path), search(**GRID))
    first, second = lesson.used
    assert (first.trial, first.config, first.state, first.value) == ("t000", {"x": 0.0}, "complete", 0.3)
    assert first.evaluations == pytest.approx((0.1, math.nan, 0.3), nan_ok=True)
    assert first.values == {"score": 0.3, "loss": pytest.approx(1 / 3)}
    assert (second.state, second.value, second.origin) == ("pruned", 0.2, "elsewhere")
    assert lesson.text == "2 of 5 trials of exp003 used; 1 lies outside the space; 2 have no result"


def test_a_grid_has_fewer_trials_then(tmp_path: Path) -> None:
    wanted = search(**GRID, baseline={"x": 0.0})
    lesson = history(earlier(tmp_path), wanted)
    assert (planned(wanted, []), planned(wanted, [lesson])) == (4, 3)
    proposer = proposer_for(wanted)
    for past in lesson.used:
        proposer.recall(past)
    assert [proposer.propose(f"t{number}") for number in range(4)] == [{"x": 0.0}, {"x": 0.2}, {"x": 0.3}, None]
    assert planned(search(parameters=GRID["parameters"]), [lesson]) is None
    assert planned(search(**GRID, run_cap=2), [lesson]) == 2


@pytest.mark.parametrize("fields", [{"metric": "loss", "goal": "minimize"}, {"goal": "minimize"}])
def test_another_metric_teaches_nothing(tmp_path: Path, fields: dict[str, str]) -> None:
    with pytest.raises(SearchError) as caught:
        history(earlier(tmp_path, **fields), search(**GRID))
    metric = fields.get("metric", "score")
    assert str(caught.value) == (
        f"search.yaml: nothing can be taken from exp003: it was to minimize {metric}, this search is to maximize score"
    )


def test_an_earlier_life_comes_back_with_what_was_added_and_what_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.3], baseline=True)
    recorder.trial(1, [0.2])
    recorder.start(2).close()
    recorder.ledger.write(Answered(command="c", name="add", trial="t001", settings={"x": 0.1}, at=time.time()))
    found = earlier_life(recorder.end("interrupted"), going_on=("t002",))
    assert [(past.trial, past.state, past.origin) for past in found] == [
        ("t000", "complete", "proposed"),
        ("t001", "complete", "added"),
        ("t002", "running", "proposed"),
    ]


def test_a_sweep_that_began_from_another_goes_on_where_it_was(tmp_path: Path) -> None:
    wanted = search(**GRID, baseline={"x": 0.3})
    proposer = proposer_for(wanted)
    own = [Past("t000", {"x": 0.3}, "complete", (0.5,), 0.5), Past("t001", {"x": 0.2}, "running")]
    for past in [*history(earlier(tmp_path), wanted).used, *own]:
        proposer.recall(past)
    assert proposer.propose("t002") is None


def repeated(logs: Path) -> RunFolder:
    """A configuration on two seeds, one whose repeat has not ended, and a confirmation."""
    recorder = Recorder(logs, "exp004-hill")
    recorder.trial(0, [0.25], baseline=True).trial(1, [0.5])
    recorder.trial(2, [0.75], config={"x": 0.0, "seed": 1}, extra={"repeat_of": "t000", "repeat": 1})
    recorder.trial(3, [0.9], config={"x": 0.0, "seed": 2}, extra={"confirms": "t000", "pair": 0})
    return recorder.end("interrupted")


def test_a_sampler_learns_the_mean_of_repeats_and_nothing_of_confirmations(tmp_path: Path) -> None:
    run = repeated(tmp_path)
    lesson = history(run, search(**GRID))
    assert [(past.trial, past.value) for past in lesson.used] == [("t000", 0.5), ("t001", 0.5)]
    assert lesson.outside == 0
    known = earlier_life(run, ["t001"])
    assert [(past.trial, past.state, past.value) for past in known] == [
        ("t000", "complete", 0.5),
        ("t001", "running", 0.5),
    ]
