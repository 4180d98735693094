"""A few seeds of the sweeps that are struck in the middle; many more by `python -m tests.faults`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .campaign import survive

pytestmark = pytest.mark.slow

FIRST_SEED = int(os.environ.get("COCKPIT_FAULTS_SEED", "1"))
SEEDS = int(os.environ.get("COCKPIT_FAULTS_SEEDS", "1"))


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
@pytest.mark.parametrize("victims", [("trial", "engine"), ("everything",)], ids=" then ".join)
def test_a_sweep_that_is_killed_comes_to_its_whole_end(tmp_path: Path, victims: tuple[str, ...], seed: int) -> None:
    survive(seed, "local", tmp_path, victims)


def test_a_sweep_that_gets_signals_comes_to_its_whole_end(tmp_path: Path) -> None:
    survive(FIRST_SEED, "local", tmp_path, ("engine held up", "SIGTERM"))


@pytest.mark.ray
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
@pytest.mark.parametrize("part", ["Ray agent", "raylet"])
def test_a_ray_sweep_that_loses_parts_of_ray_comes_to_its_whole_end(tmp_path: Path, part: str, seed: int) -> None:
    survive(seed, "ray", tmp_path, ("Ray worker", part))
