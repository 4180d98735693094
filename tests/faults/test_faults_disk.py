"""A disk that gets full under a sweep, and writes that fail: training goes on, and what is missing is told."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stage import Stage

from cockpit.engine.mending import mend
from cockpit.engine.rebuild import rebuild
from cockpit.engine.request import Outcome
from cockpit.events.kinds import Lost, Saved, Step, SweepStarted
from cockpit.events.writer import EventWriter
from cockpit.store.indexer import Indexer, reindex
from cockpit.store.reader import Index
from trainers import contract, registry
from trainers.devices.select import select_for

from .experiment import ROOT, Experiment
from .full_disk import REFUSED
from .records import ledger, open_trials, told

pytestmark = pytest.mark.slow

Copy = Callable[[], Experiment]
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


@pytest.mark.parametrize("words", [(), ("--until-the-end",)], ids=["for a while", "until the end"])
def test_a_sweep_on_a_full_disk_can_be_gone_on_with(tmp_path: Path, words: tuple[str, ...]) -> None:
    command = [*NAMESPACE, sys.executable, "-m", "tests.faults.full_disk", str(tmp_path), *words]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare on this machine")
    if done.returncode == REFUSED or "unshare failed" in done.stderr:
        pytest.skip(f"no disk of its own can be had here: {(done.stderr or done.stdout).strip()}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("broken", range(1, 13))
def test_a_ledger_that_cannot_be_written_once_loses_no_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """Every write of three trials fails in turn, as a whole or, every other time, in its middle."""
    stage = Stage(tmp_path, run_cap=3)
    (stage.run.search).write_text(stage.conductor.plan.search.to_yaml())
    writes, write = 0, os.write

    def fail_once(descriptor: int, data: bytes) -> int:
        nonlocal writes
        writes += 1
        if writes != broken:
            return write(descriptor, data)
        if broken % 2:
            raise OSError(errno.EIO, "broken")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", fail_once)
    trials = [stage.start() for _ in range(2)]
    stage.conductor.on_exit(trials[0], Outcome("finished"))
    trials.append(stage.start())
    for trial in trials[1:]:
        stage.conductor.on_exit(trial, Outcome("finished"))
    stage.conductor.close()
    monkeypatch.undo()
    told = sum(event.count for event in ledger(stage.run) if isinstance(event, Lost))
    assert writes >= 7
    assert told == (1 if broken < writes else 0) or broken >= 7
    mended = mend(stage.run, "score")
    assert [trial.id for trial in mended.trials] == trials
    assert sum(not trial.is_over for trial in mended.trials) <= 1
    assert mended == rebuild(stage.run, "score")


def test_a_writer_that_has_lost_its_file_raises_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    writer = EventWriter(tmp_path / "sweep.jsonl")
    os.close(writer._fd)
    for _ in range(3):
        writer.write(SweepStarted(experiment="exp001", search="hill"))
    assert writer.lost == 3
    assert capfd.readouterr().err.count("\n") == 1


def test_an_index_that_found_no_room_lacks_nothing_afterwards(copied: Copy) -> None:
    run = copied().run
    reindex(run)
    with Indexer(run) as indexer:
        writer = EventWriter(run.trial("t000").events)
        for step in range(100, 4000):
            writer.write(Step(step=step, metrics={"loss": 1.0}))
        writer.close()
        pages = indexer._connection.execute("PRAGMA page_count").fetchone()[0]
        indexer._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError, match="full"):
                indexer.sync()
        indexer._connection.execute("PRAGMA max_page_count = 1000000")
        indexer.sync()
    with Index(run) as index:
        assert [row.step for row in index.steps("t000") if row.step >= 100] == list(range(100, 4000))


def test_steps_that_a_checkpoint_has_and_the_record_has_not_are_told_as_lost(copied: Copy) -> None:
    """The disk took the checkpoints of steps 10 and 20, and nothing of what was recorded between them."""
    made = copied()
    trial = open_trials(made.run)[0]
    folder = made.run.trial(trial)
    folder.events.unlink()
    writer = EventWriter(folder.events)
    toy = registry.find("toy")
    config = registry.build_config(toy, {**made.configs[trial], "out": str(folder.path)})
    for event in registry.load_recipe(toy)(config, select_for(toy, "cpu")):
        if isinstance(event, contract.Saved):
            if event.step == 20:
                break
            writer.write(Saved(path="last.json", step=event.step, label="last"))
        elif isinstance(event, contract.Step) and event.step <= 10:
            writer.write(Step(step=event.step, metrics=event.metrics))
    writer.close()
    process = made.resume()
    assert process.wait(timeout=90) == 0, made.said()
    assert [event.count for event in told(made.run, trial) if isinstance(event, Lost)] == [10]
    with Index(made.run) as index:
        steps = [row.step for row in index.steps(trial) if row.kind == "step"]
    assert steps == [*range(1, 11), *range(21, 31)]
