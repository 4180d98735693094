"""Child of `loop`: trains a small network in several loops that take turns.

`python -m tests.bench.loops FOLDER DEVICE PRECISION ROUNDS NUMBER` leaves the seconds and CPU seconds of a step of each
loop, block by block, how many rows a batch had, and the last line of what broke. With another NUMBER they begin in
another order.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import torch

from cockpit.engine.output import unfailing
from trainers.devices.select import select

from .child import is_installed, leave_result
from .contenders import Contenders
from .small_network import batch_of, rows_for
from .turns import Turns

BLOCK = 60  # steps of a turn: a second, as long as several flushes, the first of which comes early for the wait before
THREADS = 1  # so that CPU time is that of the work, and not of threads that wait for each other
NEEDS = {"huggingface": "accelerate", "lightning": "lightning"}


def waiting(device: torch.device) -> Callable[[], None]:
    """What returns when the device has done all that it was given."""
    return (lambda: None) if device.type == "cpu" else (lambda: torch.accelerator.synchronize(device))


def main() -> None:
    folder, kind, precision = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    rounds, number = map(int, sys.argv[4:])
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")  # the Hugging Face Trainer would spread over all there are
    device = select(kind)
    device.setup(THREADS if kind == "cpu" else 0)
    wait = waiting(device.torch_device)
    turns = Turns(BLOCK, rounds, wait)
    contenders = Contenders(turns, folder, device, precision, {})
    network, optimizer = contenders.made()
    rows = rows_for(lambda batch: contenders.step(network, optimizer, batch), device.torch_device, wait)
    contenders.batch = batch_of(rows, device.torch_device)
    present = [(name, loop) for name, loop in contenders.loops().items() if is_installed(NEEDS.get(name, "torch"))]
    loops = dict(random.Random(number).sample(present, len(present)))
    # As a trial's, what they print goes to a file; a pipe would wake its reader at every line.
    with (folder / "output.log").open("wb", buffering=0) as output, redirect_stdout(unfailing(output.fileno())):
        turns.run(loops)
    wall, cpu = {}, {}
    for name, seconds, cpu_seconds in turns.counted():
        wall[name], cpu[name] = seconds, cpu_seconds
    errors = {name: text.strip().splitlines()[-1] for name, text in turns.errors.items()}
    print(*turns.errors.values(), sep="\n", file=sys.stderr)
    leave_result(folder, wall=wall, cpu=cpu, errors=errors, rows=rows, on=device.describe())


if __name__ == "__main__":
    main()
