"""`cockpit.log` and its companions: which event a call becomes."""

import json
import math
import multiprocessing
import os

import numpy as np
import pytest
import torch
from scripts import of_kind, read_events

import cockpit


def test_a_step(recorded):
    cockpit.log(step=10, epoch=2, loss=0.3, lr=1e-3)
    (event,) = recorded()
    assert (event.kind, event.phase, event.epoch, event.step) == ("step", "train", 2, 10)
    assert event.metrics == {"loss": 0.3, "lr": 1e-3}
    assert event.time == 0.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: cockpit.log({"loss": 0.3}, step=7, epoch=1),
        lambda: cockpit.log({"loss": 0.3}, 7, epoch=1),
        lambda: cockpit.log({"loss": 0.3, "step": 7, "epoch": 1}),
        lambda: cockpit.log({"loss": torch.tensor(0.3, dtype=torch.float64)}, step=np.int64(7), epoch=1.5),
        lambda: cockpit.log(loss=np.float64(0.3), step=torch.tensor(7), epoch=np.float32(1)),
        lambda: cockpit.log(loss=torch.tensor([0.3], dtype=torch.float64, requires_grad=True), step="7", epoch=1),
    ],
)
def test_the_same_step_said_otherwise(recorded, call):
    call()
    (event,) = recorded()
    assert (event.kind, event.step, event.epoch, event.metrics) == ("step", 7, 1, {"loss": 0.3})


def test_steps_count_themselves_and_evaluations_stand_at_the_last_one(recorded):
    cockpit.log(loss=1.0)
    cockpit.log(loss=0.9)
    cockpit.log(loss=0.8, step=50, epoch=3)
    cockpit.log(loss=0.7)
    cockpit.evaluate(score=0.5)
    cockpit.log({"score": 0.6}, phase="tune", time=1.5)
    assert [(event.kind, event.phase, event.step, event.epoch) for event in recorded()] == [
        ("step", "train", 1, 0),
        ("step", "train", 2, 0),
        ("step", "train", 50, 3),
        ("step", "train", 51, 3),
        ("eval", "valid", 51, 3),
        ("eval", "tune", 51, 3),
    ]
    assert [event.time for event in of_kind(recorded(), "eval")] == [None, 1.5]


def test_evaluations_without_steps_come_one_after_the_other(recorded):
    for score in (0.1, 0.2):
        cockpit.evaluate(score=score)
    assert [(event.step, event.metrics["score"]) for event in recorded()] == [(1, 0.1), (2, 0.2)]


def test_nested_values_and_values_that_are_no_numbers(recorded):
    cockpit.log(a={"b": {"c": 1}, "d": 2.0}, bad=math.nan, v=3, words="x\x1b[31my", many=list(range(10**6)))
    (event,) = recorded()
    assert (event.metrics["a/b/c"], event.metrics["a/d"], event.metrics["v_"]) == (1, 2.0, 3)
    assert math.isnan(event.metrics["bad"])
    assert event.metrics["words"] == "xy"
    assert len(event.metrics["many"]) < 100


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")


def test_garbage_is_recorded_or_counted_and_never_raised(recorded, capsys):
    endless = {}
    endless["self"] = endless
    for garbage in (Hostile(), endless, 10**5000, b"\xff", object(), {1: 2, None: 3}, np.zeros((3, 3)), torch.ones(9)):
        cockpit.log(loss=1.0, garbage=garbage)
        cockpit.log(garbage)
        cockpit.log(step=garbage, epoch=garbage, time=garbage, loss=1.0)
        cockpit.saved(garbage, step=garbage)
        cockpit.norms(garbage)
        cockpit.begin(garbage, garbage)
    cockpit.log(1, 2, 3)
    cockpit.log(loss=0.5, step=10**30)
    cockpit.log(loss=0.25)
    events = recorded()
    assert events[-1].metrics == {"loss": 0.25}
    assert not of_kind(events, "unknown")
    assert all(abs(event.step) < 2**53 for event in of_kind(events, "step"))
    assert "training goes on" in capsys.readouterr().err


def test_files_notes_and_the_beginning(recorded, tmp_path, monkeypatch):
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps({"lr": 0.1}))
    monkeypatch.setenv("COCKPIT_CONFIG", str(settings))
    monkeypatch.chdir(tmp_path)
    assert cockpit.config() == {"lr": 0.1}
    cockpit.begin(total_steps=100, step=40)
    cockpit.log(loss=1.0)
    cockpit.saved("last.pt")
    cockpit.saved(tmp_path / "best.pt", step=3, label="best")
    cockpit.note("a word")
    built, step, last, best, note = recorded()
    assert (built.total_steps, built.step, built.effective) == (100, 40, {"lr": 0.1})
    assert step.step == 41
    assert (last.path, last.step, last.label) == (str(tmp_path / "last.pt"), 41, "last")
    assert (best.path, best.step, best.label) == (str(tmp_path / "best.pt"), 3, "best")
    assert note.text == "a word"


def test_nothing_outside_a_run(recorded, monkeypatch, tmp_path):
    monkeypatch.delenv("COCKPIT_EVENTS")
    cockpit.log(loss=1.0)
    cockpit.evaluate(score=1.0)
    cockpit.saved("x")
    assert cockpit.config() == {}
    assert not list(tmp_path.iterdir())


def test_another_run_in_the_same_process_has_another_file(recorded, monkeypatch, tmp_path):
    cockpit.log(loss=1.0)
    cockpit.log(loss=1.0)
    monkeypatch.setenv("COCKPIT_EVENTS", str(tmp_path / "second.jsonl"))
    cockpit.log(loss=2.0)
    assert len(recorded()) == 2
    assert [event.step for event in read_events(tmp_path / "second.jsonl")] == [1]


def test_a_file_that_cannot_be_opened_at_first(recorded, monkeypatch, tmp_path, capsys):
    late = tmp_path / "late" / "events.jsonl"
    monkeypatch.setenv("COCKPIT_EVENTS", str(late))
    cockpit.log(loss=1.0)
    cockpit.log(loss=2.0)
    late.parent.mkdir()
    cockpit.log(loss=3.0)
    lost, step = read_events(late)
    assert (lost.kind, lost.count) == ("lost", 2)
    assert step.metrics == {"loss": 3.0}
    assert capsys.readouterr().err.count("cannot open") == 1


def _log_some(worker):
    for number in range(200):
        cockpit.log(worker=worker, number=number, padding="x" * 200)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn where there are threads
def test_forked_processes_share_the_file(recorded):
    cockpit.log(loss=1.0)
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_log_some, args=(worker,)) for worker in range(3)]
    for child in children:
        child.start()
    _log_some(3)
    for child in children:
        child.join()
    found = sorted((event.metrics["worker"], event.metrics["number"]) for event in recorded()[1:])
    assert found == [(worker, number) for worker in range(4) for number in range(200)]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_tell_of_losses_again(recorded, monkeypatch, tmp_path):
    late = tmp_path / "late" / "events.jsonl"
    monkeypatch.setenv("COCKPIT_EVENTS", str(late))
    cockpit.log(loss=1.0)
    late.parent.mkdir()
    child = os.fork()
    if child == 0:
        cockpit.log(loss=2.0)
        os._exit(0)
    os.waitpid(child, 0)
    cockpit.log(loss=3.0)
    assert [event.kind for event in read_events(late)] == ["step", "lost", "step"]


class Noisy(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        cockpit.log(phase="tune data", step=index, index=index)
        return torch.tensor(float(index))


def test_workers_of_a_data_loader(recorded):
    for batch in torch.utils.data.DataLoader(Noisy(), batch_size=2, num_workers=2):
        cockpit.log(loss=batch.mean())
    assert sorted(event.step for event in of_kind(recorded(), "eval")) == list(range(8))
    assert sorted(event.metrics["loss"] for event in of_kind(recorded(), "step")) == [0.5, 2.5, 4.5, 6.5]
