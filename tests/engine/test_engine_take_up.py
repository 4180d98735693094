"""Sweeps that were cut off by SIGKILL and are taken up again with `cockpit sweep --resume`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sweeping import Sweep, attempts, events_in, left_processes, plan_of, run, wait_until

from cockpit.engine.rebuild import read_events, rebuild
from cockpit.events.kinds import Eval, Step, SweepStatus, TrialPaused, TrialStarted
from cockpit.store.folder import RunFolder, find_experiment
from cockpit.store.reader import Index
from cockpit.store.verdict import FOUND, verdict

SEARCH = """\
name: hill
trainer: toy
engine: {engine}
method: {method}
metric: {{name: score, goal: maximize}}
parameters:
  x: {{min: -1.0, max: 1.0}}
  y: {{min: -1.0, max: 1.0}}
  steps: {{value: 20}}
  epochs: {{value: 3}}
  delay: {{value: {delay}}}
baseline: {{x: 0.0, y: 0.0}}
scheduler: asha
run_cap: 8
concurrent: 2
resources: {{cpu: 0.5}}
confirm: {confirm}
"""
COMPLETE = "exp001: all its trials have ended; `--trials N` plans more of them"
KEYS = {"engine": "local", "method": "random", "delay": "0.005", "confirm": "0"}
Cockpit = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def cockpit(tmp_path: Path) -> Iterator[Cockpit]:
    """Starts `cockpit sweep`; what a test left of it is ended."""
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="ck", ignore_cleanup_errors=True) as folder:

        def begin(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", "cockpit", "sweep", *words, "--logs", str(tmp_path / "logs")],
                cwd=tmp_path,
                env={**os.environ, "TMPDIR": folder},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            started.append(process)
            return process

        yield begin
        for process in started:
            process.kill()
            process.communicate()


def cut(cockpit: Cockpit, tmp_path: Path, condition: Callable[[RunFolder], bool], **keys: str) -> RunFolder:
    """A sweep that was killed as soon as a condition on its record held, with everything of it gone."""
    search = tmp_path / "hill.yaml"
    search.write_text(SEARCH.format(**{**KEYS, **keys}))
    process = cockpit("hill.yaml")
    wait_until(lambda: list((tmp_path / "logs").glob("exp*/sweep.jsonl")))
    found = find_experiment(tmp_path / "logs", "latest")
    wait_until(lambda: process.poll() is not None or condition(found))
    assert process.poll() is None, "it was to be killed in the middle"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not left_processes(found))
    return found


def go_on(cockpit: Cockpit, found: RunFolder, code: int = 0) -> Sweep:
    process = cockpit("--resume", found.id)
    _, said = process.communicate(timeout=100)
    assert process.returncode == code, said.decode()
    return Sweep(plan_of(run_cap=1), found, None)  # type: ignore[arg-type]


def steps_in(found: RunFolder, trial: str) -> list[int]:
    with Index(found) as index:
        return [row.step for row in index.steps(trial) if row.kind == "step"]


def evaluations(found: RunFolder) -> int:
    """How many there are, in the files of all trials."""
    files = [found.trial(trial).events for trial in found.trial_ids()]
    return sum(isinstance(event, Eval) for path in files if path.exists() for event in events_in(path))


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def test_a_killed_sweep_goes_on_where_it_was(cockpit: Cockpit, tmp_path: Path, engine: str) -> None:
    found = cut(cockpit, tmp_path, lambda found: evaluations(found) >= 5, engine=engine, delay="0.02")
    before = {trial: path.read_bytes() for trial in found.trial_ids() if (path := found.trial(trial).events).exists()}
    with Index(found) as index:
        assert index.sweep().status == "interrupted"
    killed = Sweep(plan_of(run_cap=1), found, None)  # type: ignore[arg-type]
    cut_off = [event.trial for event in killed.started if event.trial not in killed.ended]
    assert cut_off

    sweep = go_on(cockpit, found)
    uncut = run(tmp_path / "uncut", **uncut_search())
    assert [trial.id for trial in sweep.trials] == [f"t00{number}" for number in range(8)]
    assert [dict(trial.config) for trial in sweep.trials] == [dict(trial.config) for trial in uncut.trials]
    assert {trial.status for trial in sweep.trials} <= {"finished", "pruned"}
    for trial, record in before.items():
        assert found.trial(trial).events.read_bytes().startswith(record), "nothing that was recorded is lost"
    for row in sweep.trials:
        steps = steps_in(found, row.id)
        assert steps == list(range(1, len(steps) + 1)), "no step is missing and none is there twice"
        assert steps[-1] == 20 * len(row.evaluations)
    again = {event.trial: event for event in sweep.started if event.attempt == 2}
    assert set(again) == set(cut_off)
    assert {event.status for event in sweep.ledger if isinstance(event, SweepStatus)} == {"running"}
    finished_before = [event.trial for event in sweep.started if event.trial not in cut_off]
    assert len(finished_before) == 8 - len(cut_off), "no trial that had ended ran again"
    wait_until(lambda: not left_processes(found))


def uncut_search() -> dict[str, object]:
    return {
        "parameters": {
            "x": {"min": -1.0, "max": 1.0},
            "y": {"min": -1.0, "max": 1.0},
            "steps": {"value": 20},
            "epochs": {"value": 3},
            "delay": {"value": 0.02},
        },
        "baseline": {"x": 0.0, "y": 0.0},
        "run_cap": 8,
        "concurrent": 2,
        "resources": {"cpu": 0.5},
    }


def test_the_sampler_knows_what_was_before_and_the_total_stays(cockpit: Cockpit, tmp_path: Path) -> None:
    found = cut(cockpit, tmp_path, lambda found: len(attempts(found)) >= 4, method="bayes")
    known = rebuild(found, "score")
    assert 4 <= len(known.trials) <= 6
    sweep = go_on(cockpit, found)
    assert len(sweep.trials) == 8
    configs = [str(dict(trial.config)) for trial in sweep.trials]
    assert len(set(configs)) == 8, "the sampler does not begin anew"


def test_a_sweep_that_is_killed_within_its_confirmation_goes_on_with_it(cockpit: Cockpit, tmp_path: Path) -> None:
    def confirming(found: RunFolder) -> list[str]:
        return [trial.id for trial in rebuild(found, "score").trials if trial.confirms]

    found = cut(cockpit, tmp_path, lambda found: len(confirming(found)) >= 3, confirm="3")
    assert 3 <= len(confirming(found)) <= 4
    sweep = go_on(cockpit, found)
    runs = [trial for trial in sweep.trials if trial.confirms]
    assert len(sweep.trials) == 8 + 6
    assert {trial.status for trial in runs} == {"finished"}
    assert sorted((trial.extra["pair"], trial.seed) for trial in runs) == [(0, 1)] * 2 + [(1, 2)] * 2 + [(2, 3)] * 2
    assert verdict(sweep.row, sweep.trials).mark in FOUND, "the toy does not depend on its seed"
    again = cockpit("--resume", found.id)
    _, said = again.communicate(timeout=60)
    assert (again.returncode, said.decode()) == (0, f"cockpit: {COMPLETE}\n")


def test_a_torn_record_is_gone_on_from(cockpit: Cockpit, tmp_path: Path) -> None:
    found = cut(cockpit, tmp_path, lambda found: evaluations(found) >= 3)
    with found.sweep.open("ab") as file:
        file.write(b'{"v":1,"kind":"trial_en')
    for trial in found.trial_ids():
        with found.trial(trial).events.open("ab") as file:
            file.write(b'{"v":1,"kind":"step","ph')
        for checkpoint in found.trial(trial).path.glob("last.json"):
            checkpoint.write_bytes(checkpoint.read_bytes()[:20])
    found.index.write_bytes(b"no database any more")
    sweep = go_on(cockpit, found)
    assert len(sweep.trials) == 8
    for row in sweep.trials:
        assert steps_in(found, row.id) == list(range(1, 20 * len(row.evaluations) + 1))
    started = [event for event in read_events(found.sweep) if isinstance(event, TrialStarted)]
    again = [event for event in started if event.attempt == 2 and event.checkpoint]
    records = [found.trial(event.trial).events.read_bytes() for event in again]
    assert all(record.count(b"started over") == 1 for record in records)


def test_a_sweep_that_runs_or_never_began_is_not_taken_up(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "hill.yaml").write_text(SEARCH.format(**{**KEYS, "delay": "0.05"}))
    process = cockpit("hill.yaml")
    found = wait_until(lambda: [path for path in tmp_path.glob("logs/exp*/sweep.jsonl") if path.stat().st_size])[0]
    run_folder = RunFolder(found.parent)
    wait_until(lambda: attempts(run_folder))
    process.send_signal(signal.SIGSTOP)  # so that it does not end meanwhile
    second = cockpit("--resume", "exp001")
    _, said = second.communicate(timeout=60)
    assert second.returncode == 2
    assert said.decode().strip() == "cockpit: exp001: it is running; there is nothing to take up again"
    process.send_signal(signal.SIGCONT)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=60) == 130
    sweep = go_on(cockpit, run_folder)
    assert {trial.status for trial in sweep.trials} <= {"finished", "pruned"}
    held = [event for event in sweep.ledger if isinstance(event, TrialPaused)]
    assert {event.status for event in held} == {"waiting"}
    assert len([event for event in sweep.ledger if isinstance(event, TrialStarted) and event.attempt == 2]) == len(held)
    assert any(isinstance(event, Step) for event in events_in(run_folder.trial("t000").events))
