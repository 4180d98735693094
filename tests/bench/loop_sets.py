"""Sets of processes that train a small network, one loop in each, and how long the steps of each loop take.

Where its tensors happen to lie makes a loop some hundredths faster or slower for as long as its process lives, so a
loop has a new process in every set.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import is_installed, measure_in_child
from .dealer import WARM_UP, Dealer

LOOPS = ("bare", "ours", "without_norms", "by_hand", "hooks", "huggingface", "lightning")
MODULES = {"huggingface": "accelerate", "lightning": "lightning"}  # what a loop needs beside torch
BLOCK = 60  # steps of a turn: a second, as long as several flushes, the first of which comes early for the wait before
ROUNDS = 4  # turns of each loop that count, in each set


@dataclass(frozen=True)
class Found:
    """Seconds and CPU seconds of a step, turn by turn, of each loop that ran in all sets.

    Turns of the same place belong to the same round. `beside` are the seconds of a bare step in the loop's own process,
    with its own weights, of those that have such steps. `errors` has the last line of what broke, by loop; `rows` of a
    batch, and `on` is the device in words.
    """

    wall: Mapping[str, Sequence[float]]
    cpu: Mapping[str, Sequence[float]]
    beside: Mapping[str, Sequence[float]]
    errors: Mapping[str, str]
    rows: int
    on: str


def measured(sets: int, device: str, precision: str) -> Found:
    """Of all loops that are installed. Raises `ChildFailedError` where no step can be made at all."""
    begun = measure_in_child("loops", device, precision)
    each = [_one_set(number, device, precision, begun["rows"]) for number in range(sets)]
    errors = {name: text for one in each for name, text in one.errors.items()}
    wall, cpu, beside = (_in_all(each, key) for key in ("wall", "cpu", "bare"))
    return Found(wall, cpu, beside, errors, begun["rows"], begun["on"])


def _one_set(number: int, device: str, precision: str, rows: int) -> Dealer:
    """With another number the loops have their turns in another order."""
    present = [name for name in LOOPS if is_installed(MODULES.get(name, "torch"))]
    order = random.Random(number).sample(present, len(present))
    sizes = [str(size) for size in (rows, BLOCK, WARM_UP + ROUNDS)]
    dealer = Dealer(ROUNDS)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        program = [sys.executable, "-m", "tests.bench.loops"]
        commands = {name: [*program, str(Path(folder) / name), device, precision, name, *sizes] for name in order}
        dealer.run(commands, Path(folder))
    return dealer


def _in_all(each: Sequence[Dealer], key: str) -> dict[str, list[float]]:
    """The turns of all sets, one after the other."""
    names = set.intersection(*({name for name, turns in one.found.items() if key in turns} for one in each))
    return {name: [seconds for one in each for seconds in one.found[name][key]] for name in names}
