"""A trainer that reports and prints what no trainer should. Its scores are what its settings say."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from trainers.contract import Built, Eval, Events, Step, Trainer, TrainerConfig, option
from trainers.devices.base import Device

SCORES = {0: 0.5, 1: 1e308, 2: -1e308, 3: np.float32(0.25), 4: float("inf"), 5: float("-inf"), 6: True, 7: "0.75"}
LONG = 10_000_000  # characters of a line
VALUES: dict[str, Any] = {
    "nan": float("nan"),
    "inf": float("inf"),
    "minus inf": float("-inf"),
    "huge": 1e308,
    "tiny": 5e-324,
    "whole": 2**70,
    "none": None,
    "yes": True,
    "text": "0.5\n\x1b[31mred",
    "numpy": np.float32(0.1),
    "numpy whole": np.int64(-3),
    "no dimension": np.array(0.25),
    "many": np.array([1.0, 2.0]),
    "complex": 1j,
    "decimal": Decimal("0.1"),
    "näme 'of' \"ünïcode\" 🚀": 1.0,
    "../../up": 1.0,
    "-x\nnew line": 1.0,
    "n" * 255: 1.0,
}
LINES = {
    "escapes": b"\x1b[31mred\x1b]0;title\x07\x1b]52;c;AAAA\x07\x9b31m\xe2\x80\xae[/bold]\n",
    "bytes": bytes(range(256)) + b"\n",
    "bar": b"\r".join(b"%3d%%" % percent for percent in range(100)) + b"\r\n",
    "long": b"x" * LONG + b"\n",
    "no end": b"and then it stopped",
}


@dataclass(frozen=True, kw_only=True)
class OddConfig(TrainerConfig):
    which: int = option(0, "which score", low=0, high=len(SCORES) - 1)
    prints: bool = option(False, "whether odd lines are printed, too")


def train(config: OddConfig, device: Device) -> Events:
    yield Built(effective={"which": config.which, "prints": config.prints, "odd": float("nan")}, total_steps=2)
    if config.prints:
        for line in LINES.values():
            sys.stdout.buffer.write(line)
    score: Any = SCORES[config.which]
    for step in (1, 2):
        yield Step("train", 0, step, VALUES, 0.0)
        yield Eval("valid", 0, step, {"score": score, **VALUES}, 0.0)


TRAINER = Trainer(
    name="odd",
    summary="reports and prints what no trainer should",
    config=OddConfig,
    metrics={"score": "maximize"},
    recipe="tests.faults.odd_trainer:train",
    uses_torch=False,
)
