"""Training loops that take turns: each has a thread of its own, one works at a time, and none sees the others.

A loop is timed by blocks of steps, from one batch that it asks for to another. What disturbs the machine for a while
so disturbs all of them, and the ratio of two neighbouring blocks stays what it is.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch.utils.data import DataLoader, Dataset

WARM_UP = 2  # blocks of each loop that do not count


class Turns:
    """`block` steps a turn, `rounds` turns that count; `synchronize` waits until the device has nothing left to do.

    `seconds` and `cpu_seconds` (of all threads of this process) are those of each block, by the name of the loop;
    `errors` has the traceback of a loop that broke.
    """

    def __init__(self, block: int, rounds: int, synchronize: Callable[[], None]) -> None:
        self.steps = block * (rounds + WARM_UP) + 1  # the last one is asked for, which ends the last block
        self.seconds: dict[str, list[float]] = {}
        self.cpu_seconds: dict[str, list[float]] = {}
        self.errors: dict[str, str] = {}
        self._block = block
        self._synchronize = synchronize
        self._baton = threading.Condition()
        self._order: deque[str] = deque()  # whose turn it is stands in front
        self._began = (0.0, 0.0)

    def run(self, loops: Mapping[str, Callable[[], object]]) -> None:
        """Run all to their ends. Each has to take its batches from a `loader` of its name."""
        self._order.extend(loops)
        threads = [threading.Thread(target=self._work, args=(name, loop)) for name, loop in loops.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def loader(self, name: str, batch: Any) -> DataLoader[Any]:
        """The same batch again and again, as torch loads batches."""
        return DataLoader(self.rows(name, batch), batch_size=1, collate_fn=only)

    def rows(self, name: str, batch: Any) -> Dataset[Any]:
        """What such a loader loads, for a loop that makes its own."""
        return _Rows(self, name, batch)

    def asked(self, name: str, number: int) -> None:
        """The loop asks for the batch of this number, counted from 0, so it has had its turn after every block."""
        if number % self._block:
            return
        if number:
            self._end_block(name)
            with self._baton:
                self._order.rotate(-1)
                self._baton.notify_all()
        self._wait(name)
        self._synchronize()
        self._began = (time.perf_counter(), time.process_time())

    def counted(self) -> Iterator[tuple[str, list[float], list[float]]]:
        """Name, seconds and CPU seconds of a step, block by block, of each loop that came to its end."""
        for name, blocks in self.seconds.items():
            if name not in self.errors:
                by_step = [value / self._block for value in blocks[WARM_UP:]]
                yield name, by_step, [value / self._block for value in self.cpu_seconds[name][WARM_UP:]]

    def _end_block(self, name: str) -> None:
        self._synchronize()
        wall, cpu = self._began
        self.seconds.setdefault(name, []).append(time.perf_counter() - wall)
        self.cpu_seconds.setdefault(name, []).append(time.process_time() - cpu)

    def _work(self, name: str, loop: Callable[[], object]) -> None:
        self._wait(name)
        try:
            loop()
        except Exception:
            self.errors[name] = traceback.format_exc()
        finally:
            with self._baton:
                self._order.remove(name)
                self._baton.notify_all()

    def _wait(self, name: str) -> None:
        with self._baton:
            self._baton.wait_for(lambda: self._order[0] == name)


class _Rows(Dataset[Any]):
    def __init__(self, turns: Turns, name: str, batch: Any) -> None:
        self._turns = turns
        self._name = name
        self._batch = batch
        self._asked = 0

    def __len__(self) -> int:
        return self._turns.steps

    def __getitem__(self, _: int) -> Any:
        self._turns.asked(self._name, self._asked)
        self._asked += 1
        return self._batch


def only(rows: list[Any]) -> dict[str, Any]:
    """A batch that is whole already."""
    return dict(rows[0])
