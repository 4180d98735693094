"""Two processes train as one does on the same rows: the same losses, running scores and evaluations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import rank_member
import torch
from ranks_launch import free_ports, launch

from trainers.devices.cpu import CpuDevice
from trainers.devices.team import Team
from trainers.task import Task

ROWS = {"xnli": 32, "toxicity": 16, "audio": 16, "sentences": 48, "matching": 16}
STEPS = 4

# What looks at the other rows of a batch, as batch norms and losses of pairs do, looks at those of its own process.
SETTINGS: dict[str, dict[str, Any]] = {
    "xnli": {"lr_scaling": "processes"},
    "toxicity": {},
    "audio": {"sampler": "balanced"},
    "sentences": {"lr_scaling": "sqrt", "word_ratio": 0.5},
    "matching": {"lr_scaling": "linear", "pair_loss": "ntxent"},
}
# Losses whose rows have nothing to do with each other: a step of two processes is one of twice the batch.
APART: dict[str, dict[str, Any]] = {"xnli": {}, "toxicity": {"aux_weight": 0.0, "lr_scaling": "none"}}


class Member(Team):
    """Knows its place, and has nobody to talk to."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.size = 2


def epochs(trainer: str, settings: Mapping[str, Any]) -> float:
    """As many as make so many steps of two processes."""
    return (STEPS + 0.01) / len(build(trainer, {**settings, "batch_size": ROWS[trainer]}, Member(0)).batches)


def build(trainer: str, settings: Mapping[str, Any], team: Team) -> Task:
    device = CpuDevice()
    device.team = team
    return rank_member.build(trainer, {"epochs": 0.0, **settings}, device)[0]


def run_two(folder: Path, runs: Mapping[str, tuple[str, Mapping[str, Any]]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both processes told of each of these trainings."""
    (folder / "runs.json").write_text(json.dumps(runs))
    launch(rank_member.__file__, [str(folder), str(folder / "runs.json")])
    first, second = (json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2))
    return first, second


def run_one(trainer: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What one process tells that takes both batches at once."""
    return rank_member.train(trainer, {**settings, "batch_size": 2 * ROWS[trainer]}, CpuDevice())


def check_same(two: dict[str, Any], one: dict[str, Any]) -> None:
    assert len(two["steps"]) == len(one["steps"]) == STEPS
    for ours, theirs in zip([*two["steps"], *two["evals"]], [*one["steps"], *one["evals"]], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6)
        assert ours.get("accuracy", 0.0) == pytest.approx(theirs.get("accuracy", 0.0), rel=1e-12)


def apart(trainer: str) -> dict[str, Any]:
    return {"batch_size": ROWS[trainer], "epochs": epochs(trainer, APART[trainer]), **APART[trainer]}


def test_two_processes_tell_what_one_does_with_twice_the_batch(tmp_path: Path) -> None:
    settings = apart("xnli")
    first, second = run_two(tmp_path, {"xnli": ("xnli", settings)})
    assert first == second
    assert first["xnli"]["effective"]["processes"] == 2
    check_same(first["xnli"], run_one("xnli", settings))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the two processes of the fixture below write."""
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def two(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    runs = {name: (name, settings_of(name)) for name in SETTINGS}
    runs["apart"] = ("toxicity", apart("toxicity"))
    return run_two(folder, runs)


def settings_of(trainer: str) -> dict[str, Any]:
    more = SETTINGS[trainer]
    return {"epochs": epochs(trainer, more), "batch_size": ROWS[trainer], **more}


@pytest.mark.slow
def test_running_scores_are_over_the_rows_of_both(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    check_same(two[0]["apart"], run_one("toxicity", apart("toxicity")))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As the processes have: Adam makes a whole step of the rounding errors of a gradient that is 0."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("trainer", SETTINGS)
def test_every_trainer_tells_the_means_of_both_and_evaluates_all_rows_once(
    trainer: str, two: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    assert two[0][trainer] == two[1][trainer]
    losses, evaluation = taken_together(trainer)
    found = two[0][trainer]
    for step, expected in zip(found["steps"], losses, strict=True):
        assert {name: step[name] for name in expected} == pytest.approx(expected, rel=2e-6, abs=1e-6)
    # Which of two pairs is more similar, or whether one is above a threshold, may turn on a last bit.
    most = {"matching": 5e-3, "sentences": 1e-4}.get(trainer, 1e-6)
    assert found["evals"][-1] == pytest.approx(evaluation, rel=2e-6, abs=most)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("trainer", SETTINGS)
def test_two_say_of_a_state_to_the_bit_what_one_does_and_write_it_once(
    trainer: str, two: tuple[dict[str, Any], dict[str, Any]], folder: Path, tmp_path: Path
) -> None:
    task = build(trainer, settings_of(trainer), Team())
    task.model.load_state_dict(torch.load(folder / f"{trainer}.pt", weights_only=True))
    expected = rank_member.judged(task, tmp_path / "alone")
    assert [rank[trainer]["judged"] for rank in two] == [expected, expected]
    assert contents(folder / f"{trainer}-0") == contents(tmp_path / "alone")
    assert contents(folder / f"{trainer}-1") == {}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def taken_together(trainer: str) -> tuple[list[dict[str, float]], Mapping[str, float]]:
    """The losses of each step, and the last evaluation, when one process does what two do: one batch after the other.

    Each takes its share with the same weights; gradients are averaged, buffers are the first's.
    """
    settings = settings_of(trainer)
    tasks = [build(trainer, settings, Member(rank)) for rank in range(2)]
    first, second = (task.model.train() for task in tasks)
    losses = []
    for step, batches in enumerate(zip(*(task.batches for task in tasks), strict=True), start=1):
        second.load_state_dict(first.state_dict())
        tasks[0].schedule.before_step(step)
        parts = [step_of(task, batch) for task, batch in zip(tasks, batches, strict=True)]
        for mine, other in zip(first.parameters(), second.parameters(), strict=True):
            if mine.grad is not None and other.grad is not None:
                mine.grad = (mine.grad + other.grad) / 2
        tasks[0].optimizer.step()
        losses.append({name: (parts[0][name] + parts[1][name]) / 2 for name in parts[0]})
        if step == STEPS:
            break
    alone = build(trainer, settings, Team())
    alone.model.load_state_dict(first.state_dict())
    alone.model.eval()
    return losses, alone.evaluate()


def step_of(task: Task, batch: Any) -> dict[str, float]:
    task.model.zero_grad()
    losses = task.loss(batch)
    losses["loss"].backward()  # type: ignore[no-untyped-call]
    return {name: float(loss.detach()) for name, loss in losses.items()}


def test_windows_of_clips_do_not_depend_on_how_a_pass_is_dealt() -> None:
    settings = {"batch_size": 8, "sampler": "balanced"}
    one = next(iter(build("audio", {**settings, "batch_size": 16}, Team()).batches))
    shares = [next(iter(build("audio", settings, Member(rank)).batches)) for rank in range(2)]
    for name in ("features", "labels"):
        assert torch.equal(one[name], torch.cat([share[name] for share in shares]))


def torchrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]
    (port,) = free_ports(1)
    whole = [*command, str(port), *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_torchrun_starts_a_trainer_and_shows_the_traceback_of_the_rank_that_failed() -> None:
    options = ("--epochs", "0.05", "--norms_every", "0", "--device", "cpu", "--threads", "1")
    run = torchrun("-m", "trainers.xnli", *options)
    assert run.returncode == 0, run.stderr
    assert "processes=2" in run.stdout
    assert len([line for line in run.stdout.splitlines() if line.startswith("[RESULT]")]) == 1
    run = torchrun(rank_member.__file__, "--broken", *options)
    assert run.returncode != 0
    assert "ZeroDivisionError: rank 1 has trouble of its own" in run.stderr.partition("Root Cause")[2]
