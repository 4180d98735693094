"""Several processes that work on one trial together, with the environment that torchrun gives them.

All are of the trial's process group, whose leader is rank 0: it alone records, and when it ends, the others are ended.
"""

from __future__ import annotations

import faulthandler
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable

from cockpit.engine.failing import outcome_of
from cockpit.engine.output import unfailing
from cockpit.engine.rank_watch import Rank, RankWatch
from cockpit.engine.request import Outcome

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
MOST_TOLD = 1 << 15  # bytes of a traceback; with what else is told they fit into a pipe that nobody reads yet


def fork_ranks(processes: int, work: Callable[[], None], end: Callable[[Outcome], object]) -> RankWatch:
    """Fork ranks 1 and up, which do `work` and leave; return in rank 0, with who watches them.

    Call it before anything touches a device. What further ranks print comes to this process's output, each line behind
    `[rank1]: `. One that fails ends the trial: by `end`, called in a thread, if this process does not end by itself.
    """
    first, *others = rank_variables(processes)
    ranks = [_fork(number, variables, work) for number, variables in enumerate(others, start=1)]
    os.environ.update(first)
    return RankWatch(ranks, end)


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


def _fork(number: int, variables: dict[str, str], work: Callable[[], None]) -> Rank:
    printed, prints = os.pipe()
    told, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        _print_into(prints)
        os.environ.update(variables)
        os._exit(_do(work, tells))
    os.close(prints)
    os.close(tells)
    return Rank(number, pid, printed, told)


def _do(work: Callable[[], None], tells: int) -> int:
    """Do the work; tell of its failure before this process ends, which is what others fail of. Returns an exit code."""
    try:
        work()
    except BaseException as error:
        outcome = outcome_of(error).to_json()
        outcome["traceback"] = outcome["traceback"][-MOST_TOLD:]
        os.write(tells, json.dumps({"at": time.monotonic(), "outcome": outcome}).encode())
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _print_into(prints: int) -> None:
    os.dup2(prints, 1)
    os.dup2(prints, 2)
    sys.stdout, sys.stderr = unfailing(1), unfailing(2)
    faulthandler.enable(sys.stderr)
