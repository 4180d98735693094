"""Child of `loop`: trains a small network in one loop, which takes turns with loops in other processes.

`python -m tests.bench.loops FOLDER DEVICE PRECISION LOOP ROWS BLOCK TURNS` trains in this loop with so many rows of a
batch, for so many turns of so many steps, when its standard input says so: see `turns`. Without what follows PRECISION
it leaves how many rows a batch needs, and what it ran on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TextIO

from cockpit.engine.output import unfailing
from trainers.devices.select import select

from .child import leave_result
from .contenders import Contenders
from .small_network import batch_of, rows_for
from .small_training import SmallTraining
from .turns import Turns

THREADS = 1  # so that CPU time is that of the work, and not of threads that wait for each other


def main() -> None:
    folder, kind, precision = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")  # the Hugging Face Trainer would spread over all there are
    device = select(kind)
    device.setup(THREADS if kind == "cpu" else 0)
    training = SmallTraining(device, precision)
    if sys.argv[4:]:
        rows, block, count = map(int, sys.argv[5:])
        train(training, folder, sys.argv[4], rows, block, count)
    else:
        rows = rows_for(partial(training.step, *training.made()), device.torch_device, training.wait)
        leave_result(folder, rows=rows, on=device.describe())


def train(training: SmallTraining, folder: Path, name: str, rows: int, block: int, count: int) -> None:
    """In the main thread, as a trial does: the allocator has memory of another kind for other threads."""
    with apart(folder / "output.log") as answers:
        turns = Turns(block, count, training.wait, sys.stdin, answers)
        batch = batch_of(rows, training.device.torch_device)
        Contenders(turns, folder, training, batch).loops()[name]()


@contextmanager
def apart(log: Path) -> Iterator[TextIO]:
    """The real standard output, while all that is printed goes to a file, as a trial's does."""
    with os.fdopen(os.dup(1), "w") as real, log.open("wb", buffering=0) as output:
        os.dup2(output.fileno(), 1)  # for what prints below Python
        with redirect_stdout(unfailing(1)):
            yield real


if __name__ == "__main__":
    main()
