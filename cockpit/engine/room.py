"""How many trials fit on the machines of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cockpit.engine.machine import Share, chips_wanted, gpus_wanted, times
from cockpit.search.spec import Search


@dataclass(frozen=True)
class Room:
    """What one machine has for trials: cores, GPUs and TPU chips."""

    cpu: float
    gpu: float
    tpu: float = 0.0

    def trials(self, share: Share) -> int:
        """How many of them fit at once."""
        count = times(self.cpu, share.cpu)
        if share.gpu:
            count = min(count, int(self.gpu) * times(1, share.gpu) if share.gpu < 1 else times(self.gpu, share.gpu))
        return min(count, times(self.tpu, share.tpu)) if share.tpu else count


def cluster_share(search: Search, device: str, rooms: Iterable[Room]) -> Share:
    """Divide machines among trials, none of which is spread over several.

    Where trials are on TPUs each has all chips of a machine, of those that have the most, and all cores to feed them.
    `concurrent` is 0 when not even one trial fits anywhere.
    """
    known = list(rooms)
    gpu = gpus_wanted(search, device, max((room.gpu for room in known), default=0.0))
    tpu = 0.0 if gpu else chips_wanted(search, device, max((room.tpu for room in known), default=0.0))
    cpu = search.resources.cpu or 1.0
    if tpu and cpu == 1.0:  # what a search has that says nothing
        cpu = min((room.cpu for room in known if room.tpu >= tpu), default=cpu)
    share = Share(0, cpu, gpu, search.resources.processes or max(1, int(gpu)), tpu)
    most = sum(room.trials(share) for room in known)
    return replace(share, concurrent=min(search.concurrent or most, most))
