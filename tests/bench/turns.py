"""A training loop's half of taking turns: it works for a block of steps, tells how long they took, and waits.

A loop is timed from one batch that it asks for to another, so it need not know that it is timed. Beside each block of
its own steps it can have as many bare steps with the same weights timed, which nothing but the loop itself makes faster
or slower. The other half, which hands out the turns, is `dealer`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from torch.utils.data import DataLoader, Dataset


class Turns:
    """`count` turns of `block` steps each; `synchronize` waits until the device has nothing left to do.

    A line from `orders` begins a turn. `answers` gets a line of JSON when the loop first asks for a batch, and one at
    the end of each turn, in seconds of a step: `wall`, `cpu` (of all threads of this process), and `bare`, where the
    loop has said what a `bare_step` is.
    """

    def __init__(
        self, block: int, count: int, synchronize: Callable[[], None], orders: TextIO, answers: TextIO
    ) -> None:
        self.steps = block * count + 1  # the last one is asked for, which ends the last turn
        self.bare_step: Callable[[Any], object] | None = None
        self._block = block
        self._synchronize = synchronize
        self._orders = orders
        self._answers = answers
        self._asked = 0
        self._began = (0.0, 0.0)
        self._bare_batches: Iterator[Any] = iter(())
        self._bare_took: dict[str, float] = {}
        self._bare_comes_first = False

    def loader(self, batch: Any) -> DataLoader[Any]:
        """The same batch again and again, as torch loads batches."""
        self._bare_batches = iter(_loader([batch] * self.steps))
        return _loader(self.rows(batch))

    def rows(self, batch: Any) -> Dataset[Any]:
        """What such a loader loads, for a loop that makes its own."""
        return _Rows(self, batch)

    def asked(self) -> None:
        """The loop asks for its next batch. Raises `SystemExit` where there are no orders any more."""
        if self._asked % self._block == 0:
            self._end_turn()
            if not self._orders.readline():
                sys.exit()
            self._begin_turn()
        self._asked += 1

    def _begin_turn(self) -> None:
        # Whoever is first after the wait for this turn finds nothing in the caches.
        self._bare_comes_first = not self._bare_comes_first
        if self._bare_comes_first:
            self._time_bare_steps()
        self._begin()

    def _end_turn(self) -> None:
        if self._asked == 0:
            self._answer({"ready": 1.0})
            return
        took = self._took()
        if not self._bare_comes_first:
            self._time_bare_steps()
        self._answer({**took, **self._bare_took})

    def _time_bare_steps(self) -> None:
        if self.bare_step is None:
            return
        self._begin()
        for _ in range(self._block):
            self.bare_step(next(self._bare_batches))
        self._bare_took = {"bare": self._took()["wall"]}

    def _begin(self) -> None:
        self._synchronize()
        self._began = (time.perf_counter(), time.process_time())

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


def _loader(rows: Any) -> DataLoader[Any]:
    return DataLoader(rows, batch_size=1, collate_fn=only)
