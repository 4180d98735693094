"""What the surroundings say: which file this process records to, whether it is the one that does, and its settings."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from cockpit.library.guard import complain

EVENTS, CONFIG = "COCKPIT_EVENTS", "COCKPIT_CONFIG"
# Where there is no $RANK: Lightning sets the first two, `srun` the third.
_PARTIAL_RANKS = ("LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")


def events_file() -> str | None:
    """The file to append events to; None outside a run."""
    return os.environ.get(EVENTS) or None


def is_first_rank() -> bool:
    """Whether this process records. Of the processes of a distributed training only the one of rank 0 does.

    `$RANK` decides where it is set, then a process group of torch that stands already, then `$LOCAL_RANK`,
    `$NODE_RANK` and `$SLURM_PROCID`, of which none may be above 0.
    """
    rank = _number("RANK")
    if rank is None:
        rank = _rank_in_torch()
    if rank is None:
        rank = max(_number(name) or 0 for name in _PARTIAL_RANKS)
    return rank <= 0


def config() -> dict[str, Any]:
    """The settings of this trial, which `$COCKPIT_CONFIG` names a JSON file of. Empty outside a run."""
    path = os.environ.get(CONFIG)
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is not worth its import here
            settings = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        complain(f"the settings in ${CONFIG} cannot be read ({error})")
        return {}
    return settings if isinstance(settings, dict) else {}


def _number(name: str) -> int | None:
    try:
        return int(os.environ[name])
    except (KeyError, ValueError):
        return None


def _rank_in_torch() -> int | None:
    """The rank in torch's process group, for workers that are spawned without variables. Loads nothing."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return int(distributed.get_rank())
