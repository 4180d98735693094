"""Who makes training batches, how many of them ahead of time, and where worker processes end."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trainers.seeding import seed_worker

if TYPE_CHECKING:
    from trainers.devices.base import Device

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Loading:
    """`workers` processes make batches, each of them `ahead` ones before they are asked for, or a thread does.

    `pinned` batches lie in memory that a device copies from while the host goes on; `begin_thread` makes a thread ready
    for that device. Which batches come does not depend on any of it.
    """

    workers: int = 0
    ahead: int = 0
    pinned: bool = False
    begin_thread: Callable[[], object] = field(default=lambda: None, compare=False)

    @classmethod
    def of(cls, config: Any, device: Device) -> Loading:
        """What the settings `num_workers` and `prefetch` ask for, for this device."""
        return cls(config.num_workers, config.prefetch, device.pins_memory, device.begin_thread)

    @property
    def of_worker(self) -> int | None:
        """How many batches each worker keeps ready, as `DataLoader(prefetch_factor=…)` takes it: at least one."""
        return max(1, self.ahead) if self.workers else None

    @property
    def in_thread(self) -> int:
        """How many batches a thread keeps ready."""
        return 0 if self.workers else self.ahead


# Each batch when it is asked for.
AT_ONCE = Loading()


def begin_worker(worker: int) -> None:
    """For `DataLoader(worker_init_fn=…)`: generators of its own, and no life beyond that of the training process."""
    seed_worker(worker)
    end_with_parent()


def end_with_parent() -> None:
    """Has this process killed as soon as its parent is gone, however that ended.

    torch's own workers look for their parent every five seconds, and only while they have nothing to do. Linux only.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # it ended before it could be told of
        os._exit(1)
