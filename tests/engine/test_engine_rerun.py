"""A trial that is run again: to the bit on a CPU whichever engine ran it first, and honest where that cannot be."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sweeping
from builders import Recorder
from sweeping import Once, Scenes, Sweep

from cockpit.engine.control import send
from cockpit.engine.rerun import Again, UpTo, plan_again
from cockpit.engine.rerun_result import Result, result_of
from cockpit.engine.sweep import Job, run_sweep
from cockpit.events.kinds import Step
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index

POINTS = {"x": {"values": [0.3, -0.8]}, "y": {"value": 0.1}}
PROGRAM = """
import random, sys
options = dict(word.lstrip("-").split("=") for word in sys.argv[1:])
draw = random.Random(int(options["seed"]))
for step in range(1, 6):
    print(f"Train Step {step}, loss: {draw.random():.5f}, lr: {options['lr']}", flush=True)
print(f"[RESULT]: Validation. Epoch: 1, loss: 0.5, score: {draw.random():.5f}")
"""


def again(run: RunFolder, trial: str, **options: Any) -> Result:
    planned = plan_again(run, trial, **options)
    second, _ = run_sweep(_job(planned), lambda folder, _: UpTo(folder, planned), lambda _: None)
    return result_of(planned, second)


def _job(planned: Again) -> Job:
    return Job(planned.plan, planned.run.path.parent, "a test", rerun_of=planned.name)


@pytest.fixture(scope="module", params=["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def hill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Two trials of the toy, by either engine; not to be changed, only to be run again."""
    logs = tmp_path_factory.mktemp("hill")
    return sweeping.run(logs, engine=request.param, method="grid", parameters={**POINTS, "epochs": {"value": 2}})


@pytest.mark.parametrize("trial", ["t000", "t001"])
def test_every_number_is_the_same_to_the_bit(hill: Sweep, trial: str) -> None:
    result = again(hill.run, trial)
    found = result.found
    assert (found.same, found.different, found.missing, found.tolerance) == (True, 0, 0, 0.0), found.text
    assert found.numbers > 100
    assert result.changes == ()
    with Index(result.run) as index:
        sweep, (second,) = index.sweep(), index.trials()
    before = {row.id: row for row in hill.trials}[trial]
    assert (second.config, second.seed, second.digest) == (before.config, before.seed, before.digest)
    assert sweep.extra["rerun_of"] == f"{hill.run.id}/{trial}"
    assert (result.run.name, sweep.question) == (
        f"{result.run.id}-rerun_{hill.run.id}_{trial}", f"Does {hill.run.id}/{trial} come out the same?",
    )  # fmt: skip


def test_another_result_is_told_with_its_first_number(tmp_path: Path) -> None:
    """The record of the first time is changed, as if the code had been another."""
    sweep = sweeping.run(tmp_path, method="grid", parameters={**POINTS, "epochs": {"value": 2}})
    events = sweep.run.trial("t000").events
    lines = events.read_bytes().split(b"\n")
    place = next(n for n, line in enumerate(lines) if b'"kind":"step"' in line and b'"step":20,' in line)
    lines[place] = lines[place].replace(b'"loss":', b'"loss":1')
    events.write_bytes(b"\n".join(lines))
    sweep.run.index.unlink()
    result = again(sweep.run, "t000")
    assert (result.found.same, result.found.different) == (False, 1)
    assert result.found.first is not None
    assert (result.found.first.place.step, result.found.first.place.name) == (20, "loss")


def test_one_that_was_stopped_is_compared_up_to_there(tmp_path: Path) -> None:
    keys = {"method": "grid", "parameters": {"x": {"value": 0.5}, "epochs": {"value": 400}, "delay": {"value": 0.002}}}

    def stop() -> None:
        (run,) = (RunFolder(path) for path in tmp_path.glob("exp001-*"))
        send(run, "stop")

    sweep = sweeping.run(tmp_path, Once(lambda trials: bool(trials) and trials[0].steps > 40, stop), **keys)
    (before,) = sweep.trials
    assert before.status == "stopped"
    result = again(sweep.run, "t000")
    assert result.found.same is True, result.found.text
    assert 40 < result.found.up_to <= before.steps
    with Index(result.run) as index:
        assert index.trials()[0].steps < before.total_steps


def test_a_setting_that_was_changed_by_hand_cannot_be_done_again(tmp_path: Path) -> None:
    keys = {"method": "grid", "parameters": {"x": {"value": 0.5}, "epochs": {"value": 400}, "delay": {"value": 0.002}}}

    def has_changed() -> bool:
        (run,) = (RunFolder(path) for path in tmp_path.glob("exp001-*"))
        events = sweeping.events_in(run.trial("t000").events)
        return any(isinstance(event, Step) and event.metrics["lr"] == 0.5 for event in events)

    view = Scenes(
        (lambda trials: trials["t000"].steps > 10, lambda run: send(run, "set", "t000", {"lr": 0.5})),
        (lambda trials: has_changed(), lambda run: send(run, "stop")),
    )
    sweep = sweeping.run(tmp_path, view, **keys)
    result = again(sweep.run, "t000")
    assert result.found.same is None
    assert "lr was changed by hand after step" in result.found.text
    assert 0 < result.found.up_to < sweep.trials[0].steps


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sweep]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(PROGRAM)

    def run() -> Sweep:
        return sweeping.run(
            tmp_path / "logs", trainer=None, method="grid", program="train.py",
            command=[sys.executable, "-S", "${program}", "${args}"],
            parameters={"lr": {"values": [0.1, 0.2]}, "seed": {"value": 3}},
        )  # fmt: skip

    return run


def test_a_program_is_run_again_and_its_code_is_compared(program: Callable[..., Sweep], tmp_path: Path) -> None:
    run = program().run
    result = again(run, "t001")
    assert (result.found.same, result.changes) == (True, ()), result.found.text
    assert not plan_again(run, "t001").is_other_code()
    (tmp_path / "train.py").write_text(PROGRAM.replace("Random(int", "Random(1 + int"))
    assert plan_again(run, "t001").is_other_code()
    other = again(run, "t001")
    assert other.found.same is False
    assert [change.what for change in other.changes] == ["code"]
    assert "train.py" in str(other.changes[0])


def test_one_that_fails_the_second_time_is_not_the_same(program: Callable[..., Sweep], tmp_path: Path) -> None:
    run = program().run
    (tmp_path / "train.py").write_text("raise SystemExit('no more')")
    found = again(run, "t000").found
    assert (found.same, found.missing) == (False, found.numbers)
    assert "the second time it failed: exit code 1: no more" in found.text


def test_what_was_not_run_from_here_is_refused(tmp_path: Path) -> None:
    for number, engine in enumerate(("blend", "replay", "import"), start=1):
        run = Recorder(tmp_path, f"exp{number:03d}-x", engine=engine).trial(0, [0.5]).end()
        with pytest.raises(FolderError, match=f"exp{number:03d}/t000: .*cannot be run again"):
            plan_again(run, "t000")


def test_what_goes_on_or_is_not_there_is_refused(hill: Sweep, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="t009: not in the index"):
        plan_again(hill.run, "t009")
    recorder = Recorder(tmp_path)
    recorder.start(0)
    shutil.copy(hill.run.search, recorder.run.search)
    with pytest.raises(FolderError, match="it is running; wait until it has ended"):
        plan_again(recorder.run, "t000")


def test_where_later_attempts_went_on_is_told(hill: Sweep, tmp_path: Path) -> None:
    run = shutil.copytree(hill.run.path, tmp_path / "exp001-again")
    lines = (run / "sweep.jsonl").read_text().splitlines(keepends=True)
    started = next(line for line in lines if '"kind":"trial_started"' in line and '"t001"' in line)
    place = next(n for n, line in enumerate(lines) if '"kind":"trial_ended"' in line and '"t001"' in line)
    lines.insert(place, started.replace('"attempt":1', '"attempt":2'))
    (run / "sweep.jsonl").write_text("".join(lines))
    with (run / "trials" / "t001" / "events.jsonl").open("a") as file:
        file.write('{"v":1,"kind":"attempt","attempt":2}\n{"v":1,"kind":"built","step":20,"digest":"x"}\n')
    (run / "index.db").unlink()
    assert plan_again(RunFolder(run), "t001").remark == "the first time it was cut off and went on after step 20"
    assert plan_again(RunFolder(run), "t000").remark == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trainer", "metric"), [("matching", "row_f1"), ("sentences", "pair_auc"), ("audio", "lwlrap")]
)
def test_real_trainers_are_the_same_to_the_bit(tmp_path: Path, trainer: str, metric: str) -> None:
    keys = {"trainer": trainer, "metric": {"name": metric, "goal": "maximize"}, "method": "grid"}
    sweep = sweeping.run(tmp_path, parameters={"epochs": {"value": 0.1}}, resources={"cpu": 2}, **keys)
    assert sweep.statuses == ["finished"]
    found = again(sweep.run, "t000").found
    assert (found.same, found.tolerance) == (True, 0.0), found.text
    assert found.numbers > 10
