"""Several batches for one optimizer step, where one batch of their size does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from trainers.task import Batches


class MicroBatches(list[Any]):
    """The batches of one step."""


class Accumulated:
    """The same batches, `accumulate` of them at a time; the last step of a pass may have fewer.

    `len` is the number of steps in a pass. What the batches can do beside being iterated over, this can too, in steps.
    """

    def __init__(self, batches: Batches, accumulate: int) -> None:
        self.accumulate = accumulate
        self._batches = batches
        self._left_out = 0

    def __len__(self) -> int:
        return -(-len(self._batches) // self.accumulate)

    def __iter__(self) -> Iterator[MicroBatches]:
        batches = iter(self._batches)
        try:
            for _ in islice(batches, self._left_out):
                pass
            self._left_out = 0
            while step := MicroBatches(islice(batches, self.accumulate)):
                yield step
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()

    def skip(self, steps: int) -> None:
        """The next pass begins after so many steps."""
        skip = getattr(self._batches, "skip", None)
        if skip is None:
            self._left_out = steps * self.accumulate
        else:
            skip(steps * self.accumulate)

    def begin(self, epoch: int) -> None:
        """The next pass is that of this epoch."""
        begin = getattr(self._batches, "begin", None)
        if begin is not None:
            begin(epoch)


def accumulated(batches: Batches, accumulate: int) -> Batches:
    """These batches in steps of `accumulate`; of one, they are what they were."""
    return batches if accumulate == 1 else Accumulated(batches, accumulate)
