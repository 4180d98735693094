"""How many trials fit on the machines of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.engine.devices import AUTO
from cockpit.engine.machine import Share, times
from cockpit.search.spec import Search
from trainers.devices.kinds import CUDA


@dataclass(frozen=True)
class Room:
    """What one machine has for trials."""

    cpu: float
    gpu: float

    def trials(self, share: Share) -> int:
        """How many of them fit at once."""
        count = times(self.cpu, share.cpu)
        if share.gpu:
            count = min(count, int(self.gpu) * times(1, share.gpu) if share.gpu < 1 else times(self.gpu, share.gpu))
        return count


def cluster_share(search: Search, device: str, rooms: Iterable[Room]) -> Share:
    """Divide machines among trials, none of which is spread over several.

    As on one machine, a search that says nothing of GPUs gets one a trial where there are some. `concurrent` is 0
    when not even one trial fits anywhere.
    """
    known = list(rooms)
    cpu = search.resources.cpu or 1.0
    has_gpus = any(room.gpu for room in known) and device in (AUTO, CUDA)
    gpu = search.resources.gpu or (1.0 if has_gpus else 0.0)
    share = Share(0, cpu, gpu, search.resources.processes or max(1, int(gpu)))
    most = sum(room.trials(share) for room in known)
    return Share(min(search.concurrent or most, most), cpu, gpu, share.processes)
