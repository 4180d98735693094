"""A training loop's half of taking turns: it works for a block of steps, tells how long they took, and waits.

A loop is timed from one batch that it asks for to another, so it need not know that it is timed. The other half, which
hands out the turns, is `dealer`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from torch.utils.data import DataLoader, Dataset


class Turns:
    """`count` turns of `block` steps each; `synchronize` waits until the device has nothing left to do.

    A line from `orders` begins a turn. `answers` gets a line of JSON when the loop first asks for a batch, and one at
    the end of each turn: `wall` and `cpu` (of all threads of this process), in seconds of a step.
    """

    def __init__(
        self, block: int, count: int, synchronize: Callable[[], None], orders: TextIO, answers: TextIO
    ) -> None:
        self.steps = block * count + 1  # the last one is asked for, which ends the last turn
        self._block = block
        self._synchronize = synchronize
        self._orders = orders
        self._answers = answers
        self._asked = 0
        self._began = (0.0, 0.0)

    def loader(self, batch: Any) -> DataLoader[Any]:
        """The same batch again and again, as torch loads batches."""
        return DataLoader(self.rows(batch), batch_size=1, collate_fn=only)

    def rows(self, batch: Any) -> Dataset[Any]:
        """What such a loader loads, for a loop that makes its own."""
        return _Rows(self, batch)

    def asked(self) -> None:
        """The loop asks for its next batch. Raises `SystemExit` where there are no orders any more."""
        if self._asked % self._block == 0:
            self._answer(self._took() if self._asked else {"ready": 1.0})
            if not self._orders.readline():
                sys.exit()
            self._synchronize()
            self._began = (time.perf_counter(), time.process_time())
        self._asked += 1

    def _took(self) -> dict[str, float]:
        self._synchronize()
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        return {"wall": wall / self._block, "cpu": cpu / self._block}

    def _answer(self, values: dict[str, float]) -> None:
        self._answers.write(json.dumps(values) + "\n")
        self._answers.flush()


class _Rows(Dataset[Any]):
    def __init__(self, turns: Turns, batch: Any) -> None:
        self._turns = turns
        self._batch = batch

    def __len__(self) -> int:
        return self._turns.steps

    def __getitem__(self, _: int) -> Any:
        self._turns.asked()
        return self._batch


def only(rows: list[Any]) -> dict[str, Any]:
    """A batch that is whole already."""
    return dict(rows[0])
