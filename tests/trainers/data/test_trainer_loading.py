"""Workers, threads and pinned memory change when batches are made, and nothing about them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from trainers.data.batches import Column, Postings, TrainingLoader, training_loader
from trainers.data.loading import Loading
from trainers.devices.cpu import CpuDevice

ROOT = Path(__file__).resolve().parents[3]
# Prints a line when its workers have begun, and goes on until it is killed. They all hold what stdout is.
ENDLESS = """
import numpy as np, torch
from trainers.data.batches import Column, Postings, training_loader
from trainers.data.loading import Loading

class Busy(Column):
    calls = 0

    def __call__(self, rows):
        self.calls += 1
        while self.calls > 1: pass  # torch's own look for the parent comes between batches only
        return super().__call__(rows)

rows = Postings(np.arange(32), {"row": Busy(torch.arange(32))})
loader = training_loader(rows, 1, torch.Generator().manual_seed(0), Loading(2, 4))
for batch in loader:
    print("begun", flush=True)
"""


def loader(loading: Loading) -> TrainingLoader:
    rows = Postings(np.arange(10), {"row": Column(torch.arange(100))})
    return training_loader(rows, 2, torch.Generator().manual_seed(3), loading)


def places(loading: Loading, skipped: int = 0) -> list[list[int]]:
    made = loader(loading)
    made.skip(skipped)
    return [batch["row"].tolist() for _ in range(2) for batch in made]


@pytest.mark.parametrize(
    "loading",
    [Loading(0, 1), Loading(0, 4), Loading(2, 0), Loading(1, 3)],
    ids=lambda loading: f"{loading.workers}-{loading.ahead}",
)
def test_batches_are_the_same_whoever_makes_them(loading: Loading) -> None:
    assert places(loading) == places(Loading())
    assert places(loading, skipped=3) == places(Loading(), skipped=3)


def test_the_order_is_drawn_from_once_a_pass_however_far_ahead_batches_are() -> None:
    """So a checkpoint in the middle of a pass finds the generator as it was at its beginning plus one drawing."""
    states = []
    for ahead in (0, 4):
        order = torch.Generator().manual_seed(3)
        rows = Postings(np.arange(10), {"row": Column(torch.arange(100))})
        batches = iter(training_loader(rows, 2, order, Loading(0, ahead)))
        next(batches)
        states.append(order.get_state())
        batches.close() if ahead else None
    assert torch.equal(*states)


@dataclass
class Settings:
    num_workers: int = 0
    prefetch: int = 2


class PinningDevice(CpuDevice):
    pins_memory = True


def test_settings_and_device_say_how_batches_are_made() -> None:
    assert Loading.of(Settings(), CpuDevice()) == Loading(0, 2, pinned=False)
    assert Loading.of(Settings(), PinningDevice()).pinned
    many = Loading.of(Settings(num_workers=3), CpuDevice())
    assert (many.of_worker, many.in_thread) == (2, 0)
    assert (Loading(3, 0).of_worker, Loading(0, 4).of_worker, Loading(0, 4).in_thread) == (1, None, 4)
    assert loader(Loading(0, 4)).settings() == {
        "batch_size": 2, "num_workers": 0, "prefetch": 4, "steps_per_epoch": 5,
    }  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can be asked for this")
def test_workers_end_with_a_training_that_is_killed() -> None:
    """Even those that are in the middle of a batch that never ends."""
    training = subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert training.stdout is not None
    assert training.stdout.readline() == b"begun\n"
    training.send_signal(signal.SIGKILL)
    training.wait()
    # The end of the pipe is there when the last process that holds it is gone.
    assert set(training.stdout.read().splitlines()) <= {b"begun"}
    training.stdout.close()
