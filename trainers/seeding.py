"""Seeds, and the state of every generator that a seed sets."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from trainers.devices.base import Device


def seed_everything(seed: int, device: Device) -> torch.Generator:
    """Seeds Python, numpy and torch, and returns a generator of its own for the order of the data.

    The order has its own generator so that a model with one more layer sees its batches in the same order.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    device.seed(seed)
    return torch.Generator().manual_seed(seed)


def seed_worker(worker: int) -> None:
    """For `DataLoader(worker_init_fn=…)`: torch seeds its own generator in a worker, and this the other two."""
    seed = torch.initial_seed() % 2**32
    random.seed(seed)
    np.random.seed(seed)


def seed_apart(seed: int, device: Device) -> None:
    """Where several processes train, gives all but the first generators of their own, so that dropout differs."""
    if device.team.rank > 0:
        seed_everything(seed + device.team.rank * 1_000_003, device)


def rng_state(device: Device) -> dict[str, Any]:
    """All global generators' states in types that `torch.load(weights_only=True)` accepts.

    That of the data's order is no part of it: see `trainers.task.Passes`.
    """
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, torch.tensor(numbers), gauss],
        "numpy": [
            str(name),
            torch.from_numpy(np.asarray(keys, dtype=np.int64)),
            int(position),
            int(has_gauss),
            float(cached),
        ],
        "torch": device.rng_state(),
    }


def set_rng_state(state: Mapping[str, Any], device: Device) -> None:
    """Goes on with the states of `rng_state`."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers.tolist()), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    device.set_rng_state(state["torch"])
