"""A sweep from outside: an engine that fails, its record of where it ran, and views that fail."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from engine_trainers import gated
from sweeping import descriptors, left_processes, run, wait_until

from cockpit.engine import provenance
from cockpit.engine import sweep as sweep_module
from cockpit.engine import trial as trial_module
from cockpit.engine.provenance import environment
from cockpit.engine.signals import REASONS, interruptible
from cockpit.events.kinds import SweepStarted
from cockpit.search.reader import load
from cockpit.store.folder import FolderError
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow


class BrokenEngine:
    def run(self, conductor: Any, warm: Any, steering: Any) -> None:
        assert conductor.next_trial()
        raise RuntimeError("first line\nthe gears jammed")


def test_an_engine_that_raises_ends_the_sweep_as_failed_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sweep_module, "_engine", lambda _: BrokenEngine())
    before = descriptors()
    sweep = run(tmp_path)
    assert sweep.ending.status == sweep.row.status == "failed"
    assert sweep.ending.reason == "the engine failed: the gears jammed; see engine.log"
    assert "Traceback" in sweep.log
    assert "in run\n" in sweep.log
    assert capfd.readouterr() == ("", "")
    assert sweep.statuses == ["stopped"]
    assert descriptors() == before


class BrokenView:
    """Shows the first picture and not the second; from the third on the trials go on."""

    def __init__(self) -> None:
        self.shown = 0

    def show(self, index: Index, *_: object) -> None:
        self.shown += 1
        if self.shown == 2:
            raise RuntimeError("no picture")
        for trial in index.run.trial_ids() if self.shown > 2 else ():
            (index.run.trial(trial).path / gated.OPEN).touch()


def test_a_view_that_raises_does_not_hurt_the_sweep(tmp_path: Path) -> None:
    view = BrokenView()
    keys = {"trainer": "engine_trainers.gated", "parameters": {"x": {"values": [0.0, 1.0]}}}
    sweep = run(tmp_path, view, method="grid", concurrent=1, **keys)
    assert sweep.statuses == ["finished", "finished"]
    assert "no picture" in sweep.log
    assert view.shown > 2


class BrokenAtTheEnd:
    """Cannot show a sweep that is over."""

    def show(self, index: Index, sweep: SweepRow, *_: object) -> None:
        if sweep.status != "running":
            raise RuntimeError("no last picture")


def test_a_view_that_raises_at_the_end_does_not_hide_how_that_was(tmp_path: Path) -> None:
    sweep = run(tmp_path, BrokenAtTheEnd(), run_cap=1)
    assert sweep.ending.status == "finished"
    assert "no last picture" in sweep.log


def test_a_sweep_records_where_and_how_it_ran(tmp_path: Path) -> None:
    sweep = run(tmp_path, run_cap=1, note="Why?")
    started = sweep.ledger[0]
    assert isinstance(started, SweepStarted)
    assert (started.experiment, started.search, started.question) == ("exp001", "test", "Why?")
    assert (started.trainer, started.engine, started.metric, started.goal) == ("toy", "local", "score", "maximize")
    assert (started.trials, started.varied, started.command) == (1, ["x", "y"], "a test")
    assert started.environment["versions"]["optuna"]
    assert load(sweep.run.search) == sweep.plan.search


def test_a_logs_folder_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(FolderError, match="cannot write the logs folder"):
        run(tmp_path / "logs")


def test_provenance_without_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = environment()
    assert "commit" not in found
    assert found["folder"] == str(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert "commit" not in environment()


def test_provenance_counts_the_lines_changed_since_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "QUICK_SECONDS", 60.0)  # however long git takes
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def git(*words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    assert "commit" not in environment()  # nothing is committed yet
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    git("add", "a.txt")
    git("commit", "-q", "-m", "first")
    assert environment()["commit"] == git("rev-parse", "--short", "HEAD")
    assert environment()["changed_lines"] == 0
    (tmp_path / "a.txt").write_text("one\nthree\nfour\n")
    assert environment()["changed_lines"] == 3


def test_provenance_holds_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "canary-7c1f")
    assert "canary-7c1f" not in repr(environment())


def test_signals_are_reported_with_their_reasons_and_handlers_put_back() -> None:

    before = [signal.getsignal(number) for number in REASONS]
    heard: list[str] = []
    with interruptible(heard.append, detached=False):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert heard == ["SIGTERM", "the terminal hung up", "Ctrl-C"]
    assert [signal.getsignal(number) for number in REASONS] == before


def test_a_detached_sweep_does_not_hear_a_hang_up() -> None:

    heard: list[str] = []
    with interruptible(heard.append, detached=True):
        os.kill(os.getpid(), signal.SIGHUP)
    assert heard == []


class CtrlC:
    """Presses Ctrl-C whenever it is shown that a trial has started a child, so often and no more."""

    def __init__(self, presses: int) -> None:
        self.left = presses

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if self.left and (index.run.trial("t000").path / "child").exists():
            self.left -= 1
            os.kill(os.getpid(), signal.SIGINT)


STUBBORN: dict[str, Any] = {
    "trainer": "engine_trainers.probe",
    "method": "grid",
    "parameters": {"mode": {"values": ["is stubborn"]}},
}


def test_an_interrupted_trial_that_will_not_close_is_killed_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_module, "GRACE_SECONDS", 0.2)
    sweep = run(tmp_path, CtrlC(1), **STUBBORN)
    assert sweep.ending.reason == "Ctrl-C"
    assert sweep.statuses == ["interrupted"]
    wait_until(lambda: not left_processes(sweep.run))


def test_a_second_ctrl_c_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_module, "GRACE_SECONDS", 1000.0)
    sweep = run(tmp_path, CtrlC(2), **STUBBORN)
    assert sweep.ending.status == "interrupted"
    assert sweep.statuses == ["interrupted"]
    wait_until(lambda: not left_processes(sweep.run))
