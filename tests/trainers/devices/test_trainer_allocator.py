"""What freed memory costs the next step, counted in pages, in processes of their own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

STEPS = 20
MEGABYTES = (1, 8, 60)
PROGRAM = f"""
import resource, torch
from trainers.devices.cpu import CpuDevice
CpuDevice().setup(1)

def step():
    for size in {MEGABYTES}:
        torch.ones(size << 18)

step()
began = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({STEPS}):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - began)
CpuDevice().free()
step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - began)
"""
PAGES = sum(MEGABYTES) * 256  # of 4 KB, in one step

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others keep memory as they like")


def faults(**environment: str) -> list[int]:
    """Pages that had to be made in all steps but the first, and after memory was given back."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return [int(line) for line in found.stdout.split()]


def test_a_step_finds_the_memory_of_the_one_before() -> None:
    steps, given_back = faults()
    assert steps < PAGES  # of 20 steps less than of a single one
    assert given_back - steps > PAGES / 2


def test_whoever_has_settings_of_his_own_keeps_them() -> None:
    steps, _ = faults(MALLOC_ARENA_MAX="1")
    assert steps > PAGES
