"""Several processes that work on one trial together, with the environment that torchrun gives them.

All are of the trial's process group, whose leader is rank 0: it alone records, and when it ends, the others are ended.
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from cockpit.engine.output import unfailing


def fork_ranks(processes: int, folder: Path, work: Callable[[], None]) -> None:
    """Fork ranks 1 and up, which do `work` and leave; return in rank 0. Does nothing for a single process.

    Call it before anything touches a device. Each further rank prints into a file of its own, `output.rank1.log`.
    """
    if processes <= 1:
        return
    os.environ.update(world(processes))
    for rank in range(1, processes):
        if os.fork() == 0:
            try:
                _become(rank, folder)
                work()
            except BaseException:
                traceback.print_exc()
                _flush()
                os._exit(1)
            _flush()
            os._exit(0)
    os.environ.update(_rank(0))


def world(processes: int) -> dict[str, str]:
    """What all processes of one trial have in common: how many they are, and where they meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def _rank(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "LOCAL_RANK": str(rank)}


def _become(rank: int, folder: Path) -> None:
    os.environ.update(_rank(rank))
    with folder.joinpath(f"output.rank{rank}.log").open("ab", buffering=0) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = unfailing(1), unfailing(2)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
