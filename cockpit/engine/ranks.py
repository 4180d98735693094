"""Several processes that work on one trial together, with the environment that torchrun gives them.

All are of the trial's process group, whose leader is rank 0: it alone records, and when it ends, the others are ended.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from cockpit.engine.output import unfailing

# What tells a process its place in a larger job. The place of the whole sweep in one is none of its trials'.
RANK_VARIABLES = (
    "RANK",
    "LOCAL_RANK",
    "NODE_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_PROCID",
)
FAREWELL_SECONDS = 10.0  # in which rank 0 may tell what went wrong, before a rank that died takes all along


def fork_ranks(processes: int, folder: Path, work: Callable[[], None]) -> None:
    """Fork ranks 1 and up, which do `work` and leave; return in rank 0. Does nothing for a single process.

    Call it before anything touches a device. Each further rank prints into a file of its own, `output.rank1.log`.
    """
    first, *others = rank_variables(processes)
    for rank, variables in enumerate(others, start=1):
        if os.fork() == 0:
            try:
                os.environ.update(variables)
                _print_into(folder / f"output.rank{rank}.log")
                work()
            except BaseException:
                traceback.print_exc()
                _flush()
                time.sleep(FAREWELL_SECONDS)  # rank 0 hears of it where the back end tells, and ends the trial
                os.killpg(0, signal.SIGKILL)
            _flush()
            os._exit(0)
    os.environ.update(first)


def rank_variables(processes: int) -> list[dict[str, str]]:
    """What torchrun would set for each rank on one machine; nothing for a process that is alone."""
    if processes <= 1:
        return [{}]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    world = str(processes)
    shared = {"WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [{**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]


def _print_into(path: Path) -> None:
    with path.open("ab", buffering=0) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = unfailing(1), unfailing(2)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
