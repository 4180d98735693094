"""GPUs taken for a sweep: each by one sweep of this user at a time, from the sweep's start to its end."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.engine.gpu_names import device_names
from cockpit.engine.locks import HeldFile, exclusive, held, private_folder
from cockpit.engine.machine import NoRoomError, Share, cores, gpu_ids, share
from cockpit.events.text import one_line
from cockpit.search import sampling
from cockpit.search.spec import Search
from cockpit.store.folder import FolderError

VISIBLE = "CUDA_VISIBLE_DEVICES"
MOST_TOLD = 4


class BusyError(FolderError):
    """Others hold the GPUs that the sweep wants. One line that says who."""


@dataclass
class Lease:
    """The GPUs of one sweep and how its trials share them. While it is open this process sees no others."""

    share: Share
    ids: Sequence[str]
    files: Sequence[HeldFile]
    visible_before: str | None

    def name(self, experiment: str) -> None:
        """Let others know which experiment it is."""
        for file in self.files:
            file.say({"pid": os.getpid(), "experiment": experiment})

    def close(self) -> None:
        if not self.files:
            return
        with exclusive(private_folder("gpus")):
            for file in self.files:
                file.close()
        if self.visible_before is None:
            os.environ.pop(VISIBLE, None)
        else:
            os.environ[VISIBLE] = self.visible_before


def take(search: Search, device: str, wanted: Share) -> Lease:
    """Take as many GPUs as the trials that run at once can use, of those that are free.

    `wanted` is the share where all GPUs of the machine are free; the lease's own may have fewer trials at once. Trials
    for the CPU, and those without a GPU, take none. Raises `BusyError`, with nothing taken.
    """
    if not wanted.gpu or device == "cpu":
        return Lease(wanted, [], [], None)
    folder = private_folder("gpus")
    with exclusive(folder):
        holders = held(folder)
        names = {gpu: _file_name(name) for gpu, name in device_names(gpu_ids()).items()}
        free = [gpu for gpu, name in names.items() if name not in holders]
        try:
            if not free:
                raise NoRoomError("all GPUs are taken")
            found = share(search, device, cores(), len(free))
        except NoRoomError:
            raise BusyError(
                _busy_text({gpu: holders[name] for gpu, name in names.items() if name in holders})
            ) from None
        total = sampling.count(search)
        if total is not None:
            found = replace(found, concurrent=max(1, min(found.concurrent, total)))
        ids = free[: gpus_of(found)]
        files = [HeldFile(folder, names[gpu], {"pid": os.getpid()}) for gpu in ids]
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = ",".join(ids)
    return Lease(found, ids, files, before)


def gpus_of(share: Share) -> int:
    """How many GPUs the trials that run at once take together; those with a fraction share one as far as they fit."""
    if share.gpu >= 1:
        return math.ceil(share.gpu) * share.concurrent
    return math.ceil(share.concurrent / int(1 / share.gpu + 1e-9))


def _file_name(device: str) -> str:
    return re.sub(r"[^\w.-]", "_", device)


def _busy_text(holders: Mapping[str, Mapping[str, Any]]) -> str:
    """`GPU 0 is taken by exp003, GPU 1 by exp004; …`."""
    told = [f"GPU {gpu} by {_who(facts)}" for gpu, facts in holders.items()]
    if len(told) > MOST_TOLD:
        told[MOST_TOLD:] = [f"{len(told) - MOST_TOLD} more by others"]
    who = ", ".join(told).replace(" by ", " is taken by ", 1)
    return f"{who}; wait with --queue, or do without with --device cpu"


def _who(facts: Mapping[str, Any]) -> str:
    return one_line(str(facts.get("experiment") or f"process {facts.get('pid', '?')}"))[:200]
