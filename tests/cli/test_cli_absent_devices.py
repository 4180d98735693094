"""A device that is not here is refused before anything is made, by whatever starts something on it."""

from __future__ import annotations

import json
import sys

import pytest
from builders import HILL, Recorder

from cockpit.events.kinds import Attempt
from cockpit.events.writer import EventWriter
from cockpit.search.reader import load
from trainers.contract import InputError

NO_CARD = (
    "cockpit: device cuda is not available: no CUDA card is visible; use --device cpu, or see what `cockpit doctor` "
    "finds"
)
MATCHING = """\
name: hill
trainer: matching
engine: local
method: random
metric: {name: row_f1, goal: maximize}
parameters: {lr: {min: 0.001, max: 0.01}}
run_cap: 2
"""


@pytest.fixture(autouse=True)
def cardless(folder, monkeypatch):
    """A machine whose cards, if it has any, are hidden."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (folder / "matching.yaml").write_text(MATCHING)


@pytest.fixture
def trained(folder):
    """An experiment that ran on a card elsewhere, with a model that could be looked at again."""
    recorder = Recorder(folder / "logs", trainer="matching", metric="row_f1", device="cuda", engine="local")
    recorder.run.search.write_text(MATCHING)
    trial = recorder.run.trial("t000")
    trial.path.mkdir()
    first = EventWriter(trial.events)
    first.write(Attempt(device="cuda:0 NVIDIA H200", at=1.0))
    first.close()
    recorder.finish(0, recorder.start(0, config={"lr": 0.002}))
    trial.config.write_text(json.dumps({"lr": 0.002, "seed": 0}))
    (trial.path / "best.pt").touch()
    recorder.end("interrupted")
    return folder / "logs"


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "matching.yaml"),
        ("sweep", "matching.yaml", "--engine", "ray"),
        ("sweep", "matching.yaml", "--gpus", "1"),
        ("sweep", "matching.yaml", "--detach"),
        ("sweep", "matching.yaml", "--dry-run"),
        ("find-lr", "matching"),
        ("find-batch", "matching"),
        ("profile", "matching"),
    ],
    ids=" ".join,
)
def test_nothing_is_made_for_a_card_that_is_not_here(cockpit, folder, words):
    before = sorted(folder.rglob("*"))
    assert cockpit(*words, "--device", "cuda").complaint == NO_CARD
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "--resume", "exp001"),
        ("rerun", "exp001/t000"),
        ("rerun", "exp001/t000", "--device", "cuda"),
        ("check", "exp001/t000", "--device", "cuda"),
    ],
    ids=" ".join,
)
def test_what_ran_on_a_card_does_not_go_on_without(cockpit, trained, words):
    assert cockpit("show", "exp001").code == 0  # which makes the index
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()}
    assert cockpit(*words).complaint == NO_CARD
    left = {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()}
    assert left == before


def test_the_nodes_of_a_cluster_may_have_what_its_head_has_not(folder):
    from cockpit.engine.plan import draft_plan

    search = load(folder / "matching.yaml")
    assert draft_plan(search, "cuda", joining=True).device == "cuda"
    with pytest.raises(InputError, match="device cuda is not available"):
        draft_plan(search, "cuda")


def test_what_does_not_compute_on_the_device_is_not_refused_for_it(cockpit, folder):
    (folder / "hill.yaml").write_text(HILL)
    assert cockpit("sweep", "hill.yaml", "--device", "cuda", "--dry-run", "--no-measure").code == 0
    assert cockpit("run", "--device", "cuda", "--", sys.executable, "-S", "-c", "print('loss: 0.5')").code == 0
