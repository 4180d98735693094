"""A disk that gets full under a sweep, and writes that fail: training goes on, and what is missing is told."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stage import Stage

from cockpit.engine.mending import mend
from cockpit.engine.rebuild import rebuild
from cockpit.engine.request import Outcome
from cockpit.events.kinds import Lost, SweepStarted
from cockpit.events.writer import EventWriter

from .experiment import ROOT
from .full_disk import REFUSED
from .records import ledger

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
