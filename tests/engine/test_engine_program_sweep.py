"""Sweeps over programs: rules, commands and failures reach what was never written for them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from sweeping import Scenes, Sweep, attempts, events_in, left_processes, run, wait_until

from cockpit.engine import control
from cockpit.events.kinds import Eval, Step
from cockpit.store.folder import RunFolder

PYTHON = [sys.executable, "-S", "${program}", "${args}"]
METRIC = {"name": "acc", "goal": "maximize"}
HEAD = "import os, sys, time\ngiven = dict(word[2:].split('=') for word in sys.argv[1:])\n"
FOR_EVER = HEAD + "print('epoch 1 acc: 0.5')\nwhile True: time.sleep(60)\n"


@pytest.fixture
def sweep(tmp_path: Path) -> Any:
    """Runs a search over the program with this code."""

    def start(code: str, view: Any = None, **keys: Any) -> Sweep:
        program = tmp_path / "train.py"
        program.write_text(code)
        whole = {"trainer": None, "program": str(program), "command": PYTHON, "metric": METRIC, "method": "grid"}
        return run(tmp_path / "logs", view, **{**whole, "parameters": {"x": {"values": [1, 2, 3]}}, **keys})

    return start


def test_a_program_is_pruned_and_leaves_nothing_behind(sweep: Any) -> None:
    code = HEAD + "for epoch in (1, 2, 3): print(f'epoch: {epoch} acc: {float(given[\"x\"]) / 10}', flush=True)\n"
    code += "if given['x'] == '1':\n    import subprocess\n    subprocess.run(['sleep', '60'])\n"
    swept = sweep(code, floor=0.15, concurrent=1)
    trials = swept.by("x")
    assert {x: trial.status for x, trial in trials.items()} == {1: "pruned", 2: "finished", 3: "finished"}
    assert (trials[3].best, trials[3].evaluations) == (0.3, (0.3, 0.3, 0.3))
    assert swept.ended[trials[1].id].reason.startswith("floor evaluation 1: 0.1000 < 0.1500")
    assert swept.row.trainer == "train.py" and swept.ending.status == "finished"
    wait_until(lambda: not left_processes(swept.run))


def test_a_program_is_stopped_by_a_command(sweep: Any) -> None:
    scenes = Scenes(
        (lambda trials: bool(trials["t000"].evaluations), lambda run: control.send(run, "stop", "t000")),
        (lambda trials: bool(trials["t001"].evaluations), lambda run: control.send(run, "kill")),
    )
    swept = sweep(FOR_EVER, scenes, concurrent=1)
    assert swept.statuses == ["stopped", "stopped"]
    wait_until(lambda: not left_processes(swept.run))


def test_a_program_does_not_outlive_its_trial(sweep: Any) -> None:
    def shoot(run_folder: RunFolder) -> None:
        (attempt,) = attempts(run_folder)
        os.kill(attempt.pid, signal.SIGKILL)  # the trial's process alone, not its group

    view = Scenes((lambda trials: bool(trials["t000"].evaluations), shoot))
    swept = sweep(FOR_EVER, view, parameters={"x": {"value": 1}})
    assert swept.statuses == ["lost"]
    wait_until(lambda: not left_processes(swept.run))


def test_a_program_that_fails_says_why_and_three_times_the_same_is_enough(sweep: Any) -> None:
    code = HEAD + "print('acc: 0.5')\nsys.exit('no data here')\n"
    swept = sweep(code, parameters={"x": {"values": [1, 2, 3, 4, 5, 6]}}, concurrent=1)
    assert set(swept.statuses) == {"failed"} and len(swept.trials) < 6
    ended = swept.ended["t000"]
    assert (ended.reason, ended.error) == ("exit code 1: no data here",) * 2
    assert ended.extra == {"exit_code": 1} and not ended.traceback
    assert swept.ending.status == "failed" and "no data here" in swept.ending.reason
    assert swept.trials[0].best == 0.5


def test_only_the_metric_that_ranks_can_diverge(sweep: Any) -> None:
    code = HEAD + (
        "print('step 1 loss: nan')\nprint('epoch: 1 val_f1: 0.5')\n"
        "if given['x'] == '1': print('acc: nan')\nif given['x'] == '2': print('acc: 0.75')\n"
    )
    swept = sweep(code)
    trials = swept.by("x")
    assert {x: trial.status for x, trial in trials.items()} == {1: "diverged", 2: "finished", 3: "finished"}
    assert swept.ended[trials[1].id].reason == "acc not finite at step 1; from the start"
    assert trials[2].best == 0.75 and trials[3].best is None
    assert trials[3].reason == "it never reported acc; evaluations had f1"
    events = events_in(swept.run.trial(trials[2].id).events)
    assert [event.kind for event in events if isinstance(event, Step | Eval)] == ["step", "eval", "eval"]


def test_nested_parameters_and_bayes(sweep: Any) -> None:
    code = HEAD + "print('acc: ' + str(eval(given['opt'])['lr']))\n"
    parameters = {"opt": {"parameters": {"lr": {"min": 0.0, "max": 1.0}, "name": {"value": "sgd"}}}}
    swept = sweep(code, method="bayes", run_cap=2, parameters=parameters, baseline={"opt": {"lr": 0.5}})
    assert swept.statuses == ["finished", "finished"]
    assert [trial.best for trial in swept.trials] == [trial.config["opt.lr"] for trial in swept.trials]
    assert swept.trials[0].config == {"opt.lr": 0.5, "opt.name": "sgd"} and swept.trials[0].baseline
    folder = swept.run.trial("t000").path
    assert (folder / "output.log").read_text() == "acc: 0.5\n"


def test_wandbs_default_command_finds_the_python_of_the_cockpit(sweep: Any) -> None:
    swept = sweep(HEAD + "print('acc: 0.5', file=sys.stderr)\nprint(sys.executable)\n", command=None)
    assert swept.statuses == ["finished"] * 3
    assert swept.run.trial("t000").output.read_text().splitlines()[-1] == sys.executable


def test_a_program_gets_its_seed_as_any_parameter_and_is_repeated_with_others(sweep: Any) -> None:
    code = HEAD + "seed = int(given['seed'])\n"
    code += "print('epoch: 1 acc:', float(given['x']) / 10 + (seed * 37 % 11) / 1000, 'loss:', 1 / (1 + seed))\n"
    swept = sweep(
        code,
        parameters={"x": {"values": [1, 2]}, "seed": {"value": 5}},
        baseline={"x": 1},
        seeds=2,
        confirm=2,
        concurrent=2,
    )
    assert [(event.config["seed"], event.seed) for event in swept.started] == [
        (seed, seed) for seed in (5, 5, 6, 6, 7, 7, 8, 8)
    ]
    for trial in swept.trials:
        assert trial.best == pytest.approx(trial.config["x"] / 10 + (trial.seed * 37 % 11) / 1000)
