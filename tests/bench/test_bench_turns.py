"""Loops that are compared take turns, and what becomes of one that breaks. No test looks at a duration."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trainers.contract import Eval, Events, InputError, Step

from . import gpu, loop, paces
from .turns import WARM_UP, Turns

BATCH = {"x": 1.0}


def test_loops_work_one_at_a_time_for_a_block_of_steps_each() -> None:
    seen: list[str] = []
    turns = Turns(block=2, rounds=1, synchronize=lambda: None)

    def work(name: str) -> None:
        for batch in turns.loader(name, BATCH):
            assert batch == BATCH
            seen.append(name)

    turns.run({name: lambda name=name: work(name) for name in "ab"})  # type: ignore[misc]
    assert "".join(seen) == "aabb" * (1 + WARM_UP) + "ab"
    assert [(name, len(wall), len(cpu)) for name, wall, cpu in turns.counted()] == [("a", 1, 1), ("b", 1, 1)]
    assert turns.errors == {}


def test_a_loop_that_breaks_leaves_the_others_to_their_work() -> None:
    turns = Turns(block=1, rounds=2, synchronize=lambda: None)

    def breaks() -> None:
        next(iter(turns.loader("breaks", BATCH)))
        raise RuntimeError("no kernel")

    turns.run({"breaks": breaks, "works": lambda: list(turns.loader("works", BATCH))})
    assert turns.errors["breaks"].endswith("RuntimeError: no kernel\n")
    assert [(name, len(wall)) for name, wall, _ in turns.counted()] == [("works", 2)]


def test_the_table_has_each_loop_against_the_bare_one(monkeypatch: pytest.MonkeyPatch) -> None:
    by_step = {"bare": [0.010] * 3, "ours": [0.0102] * 3, "hooks": [0.015] * 3, "huggingface": [0.011] * 3}
    found = {"wall": by_step, "cpu": by_step, "errors": {"lightning": "ValueError: no"}, "rows": 8, "on": "cpu"}
    monkeypatch.setattr(loop, "measure_in_child", lambda *_: found)
    monkeypatch.setattr(loop, "is_installed", lambda _: True)
    rows = {row.measure: row for row in loop.rows(quick=True)}
    ours = rows["our loop's step over a bare loop's, fp32, median and quartiles"]
    assert (ours.ours, ours.target, ours.met) == ("2.00% (2.00% … 2.00%)", "≤ 3%", True)
    assert rows["a loop with a hook on each parameter, bf16"].ours == "50.00% (50.00% … 50.00%)"
    assert rows["a step of our loop, fp32, against the Hugging Face Trainer"].met
    assert rows["a step of our loop, fp32, against Lightning"].peer == "broken: ValueError: no"


def test_a_pace_leaves_out_the_first_steps_and_evaluations() -> None:
    def events() -> Events:
        for step in range(1, 40):
            yield Step("train", 0, step, {}, step * (1.0 if step < paces.WARM_UP else 0.5))
            if step == 30:
                yield Eval("valid", 0, step, {}, 100.0)

    assert paces._pace(events(), seconds=100.0) == pytest.approx(2.0)


def test_without_the_device_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_: str) -> None:
        raise InputError("device cuda is not available: no CUDA card is visible")

    monkeypatch.setattr(gpu, "select", missing)
    monkeypatch.setattr(sys, "argv", ["gpu", "--out", str(tmp_path / "table.txt")])
    assert gpu.main() == 2
    assert capsys.readouterr().err == "bench-gpu: device cuda is not available: no CUDA card is visible\n"
    assert not (tmp_path / "table.txt").exists()
