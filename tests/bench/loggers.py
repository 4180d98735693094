"""Child of `log_step`: logs steps with one tracker and leaves the median and p99 of the time of a step.

`python -m tests.bench.loggers FOLDER SUBJECT STEPS`
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from .child import leave_result

NAMES = ("loss", "lr", "score", "grad_norm", "accuracy", "data_wait", "momentum", "scale")
WARM_UP = 20

Values = dict[str, float]
Log = Callable[[int, Values], object]


@contextmanager
def _ours(folder: Path) -> Iterator[Log]:
    from cockpit.events.kinds import Step
    from cockpit.events.writer import EventWriter

    writer = EventWriter(folder / "events.jsonl")
    yield lambda step, values: writer.write(Step(phase="train", epoch=0, step=step, time=1.5, metrics=values))
    writer.close()


@contextmanager
def _library(folder: Path) -> Iterator[Log]:
    import cockpit

    os.environ["COCKPIT_EVENTS"] = str(folder / "events.jsonl")
    yield lambda step, values: cockpit.log(values, step=step)


@contextmanager
def _bare(folder: Path) -> Iterator[Log]:
    """The least that anybody would do who writes the same record without a library."""
    descriptor = os.open(folder / "bare.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    head = {"v": 1, "kind": "step", "phase": "train", "epoch": 0}
    yield lambda step, values: os.write(
        descriptor, (json.dumps({**head, "step": step, **values, "time": 1.5}) + "\n").encode()
    )
    os.close(descriptor)


@contextmanager
def _wandb(folder: Path) -> Iterator[Log]:
    import wandb

    run = wandb.init(mode="offline", dir=folder, project="bench", settings=wandb.Settings(console="off"))
    yield lambda step, values: run.log(values, step=step)
    run.finish()


@contextmanager
def _trackio(folder: Path) -> Iterator[Log]:
    import trackio

    run = trackio.init(project="bench", embed=False)
    yield lambda step, values: run.log(values, step=step)
    trackio.finish()


@contextmanager
def _tensorboard_x(folder: Path) -> Iterator[Log]:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder / "tensorboard"))

    def log(step: int, values: Values) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    yield log
    writer.close()


@contextmanager
def _mlflow(folder: Path) -> Iterator[Log]:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    with mlflow.start_run():
        yield lambda step, values: mlflow.log_metrics(values, step=step)


SUBJECTS = {
    "ours": _ours,
    "library": _library,
    "bare": _bare,
    "wandb": _wandb,
    "trackio": _trackio,
    "tensorboardX": _tensorboard_x,
    "mlflow": _mlflow,
}


def time_steps(log: Log, steps: int) -> list[int]:
    """Nanoseconds of each step. The values are the same for every subject."""
    generator = random.Random(0)
    durations = []
    for step in range(WARM_UP + steps):
        values = {name: generator.random() for name in NAMES}
        began = time.perf_counter_ns()
        log(step, values)
        durations.append(time.perf_counter_ns() - began)
    return durations[WARM_UP:]


def main() -> None:
    folder, subject, steps = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    os.chdir(folder)  # some trackers write beside whoever starts them
    with SUBJECTS[subject](folder) as log:
        durations = sorted(time_steps(log, steps))
    leave_result(folder, median=median(durations) / 1e9, p99=durations[int(len(durations) * 0.99)] / 1e9)


if __name__ == "__main__":
    main()
