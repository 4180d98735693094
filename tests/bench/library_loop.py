"""Child of `library`: trains the encoder of `encoder` with and without `cockpit.norms` in turns.

`python -m tests.bench.library_loop FOLDER STEPS` leaves the seconds of each step and of what was recorded within it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

import cockpit
from cockpit.library import norms

from .child import leave_result
from .encoder import THREADS, WARM_UP, Bench, Watch

IMPORTS = 7
TIMED_IMPORT = "import time; t = time.perf_counter(); import cockpit; print(time.perf_counter() - t)"


def timed_hook(watch: Watch) -> None:
    """What follows on the optimizer's step belongs to the cost as well."""
    finish = norms._finish

    def run(*arguments: norms.Watch) -> None:
        watch.timed(lambda: finish(*arguments))()

    norms._finish = run


def seconds_of_import() -> float:
    done = subprocess.run([sys.executable, "-c", TIMED_IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    os.environ["COCKPIT_EVENTS"] = str(folder / "events.jsonl")
    torch.set_num_threads(THREADS)
    bench = Bench()

    def nothing() -> None: ...

    def norms_every(every: int) -> Callable[[], None]:
        return lambda: cockpit.norms(bench.optimizer, every=every)

    ways = {"plain": Watch(nothing, nothing), "due": Watch(norms_every(1), nothing)}
    ways["idle"] = Watch(norms_every(1_000_000), nothing)
    timed_hook(ways["due"])
    result: dict[str, list[float]] = {name: [] for way in ways for name in (way, f"{way}_cost")}
    for number in range(WARM_UP + steps):
        for name, watch in ways.items():
            took, spent = bench.step(watch)
            if number >= WARM_UP:
                result[name].append(took)
                result[f"{name}_cost"].append(spent)
    leave_result(folder, **result, **{"import": [seconds_of_import() for _ in range(IMPORTS)]})


if __name__ == "__main__":
    main()
