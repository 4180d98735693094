"""Training through torch_xla, with the processor for a chip or for four: the same numbers, and few graphs.

Runs where torch_xla is installed (`just test-xla`). Each training has a process of its own, because a back end is
chosen once.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xla_member

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch_xla") is None, reason="torch_xla is not installed")
Run = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """What was told by torch itself, by XLA, and by XLA on four chips."""
    folder = tmp_path_factory.mktemp("xla")
    return {name: start(folder, kind, chips) for name, kind, chips in WAYS}


WAYS = (("cpu", "cpu", "1"), ("one", "tpu", "1"), ("four", "tpu", "4"))


def start(folder: Path, kind: str, chips: str) -> Run:
    command = [sys.executable, xla_member.__file__, str(folder), kind, chips]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    run: Run = json.loads((folder / f"{kind}-{chips}.json").read_text())
    return run


def values(run: Run, name: str, kind: str) -> list[Any]:
    return [told["values"] for told in run[name] if told["kind"] == kind]


@pytest.mark.parametrize("way", ["one", "four"])
@pytest.mark.parametrize("name", ["each", "third", "rest"])
def test_losses_and_rates_are_those_of_torch_on_the_processor(runs: dict[str, Run], way: str, name: str) -> None:
    mine, peers = values(runs[way], name, "Step"), values(runs["cpu"], name, "Step")
    assert len(mine) == len(peers) > 4
    for one, other in zip(mine, peers, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("way", ["one", "four"])
@pytest.mark.parametrize("name", ["each", "third", "rest"])
def test_evaluations_are_those_of_torch_on_the_processor(runs: dict[str, Run], way: str, name: str) -> None:
    mine, peers = values(runs[way], name, "Eval"), values(runs["cpu"], name, "Eval")
    assert len(mine) == len(peers) > 0
    for one, other in zip(mine, peers, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("way", ["one", "four"])
def test_norms_come_with_the_same_steps_and_are_the_same(runs: dict[str, Run], way: str) -> None:
    mine, peers = ([told["norms"] for told in runs[name]["each"] if told["kind"] == "Step"] for name in (way, "cpu"))
    assert [bool(norms) for norms in mine] == [bool(norms) for norms in peers]
    for one, other in zip(mine, peers, strict=True):
        assert [pytest.approx(row, rel=1e-2, abs=1e-4) for row in other] == one


@pytest.mark.parametrize("way", ["one", "four"])
def test_one_graph_is_compiled_for_all_steps_and_one_for_all_evaluations(runs: dict[str, Run], way: str) -> None:
    told = runs[way]["each"]
    first = next(place for place, one in enumerate(told) if one["kind"] == "Eval")
    assert {one["compiles"] for one in told[1:first]} == {1}
    assert {one["compiles"] for one in told[first:]} == {2}


@pytest.mark.parametrize("way", ["one", "four"])
def test_logging_now_and_then_compiles_nothing_new(runs: dict[str, Run], way: str) -> None:
    assert {one["compiles"] for one in runs[way]["third"]} == {2}


@pytest.mark.parametrize("way", ["one", "four"])
def test_a_rehearsal_and_going_on_from_a_checkpoint_compile_nothing_new(runs: dict[str, Run], way: str) -> None:
    assert {one["compiles"] for name in ("whole", "rest") for one in runs[way][name]} == {2}


@pytest.mark.parametrize("way", ["one", "four"])
def test_the_state_of_the_generator_goes_into_a_checkpoint_and_out_of_it(runs: dict[str, Run], way: str) -> None:
    assert [one["seed"] for one in runs[way]["seeds"]] == [one["again"] for one in runs[way]["seeds"]]


def test_the_settings_say_how_many_chips_share_a_batch(runs: dict[str, Run]) -> None:
    settings = {way: run["each"][0]["settings"] for way, run in runs.items()}
    assert settings["four"] == {"batch_size": xla_member.BATCH, "lr_scale": 1.0, "chips": 4}
    assert "chips" not in settings["one"] | settings["cpu"]
