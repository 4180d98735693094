"""How many trials fit on the machines of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.engine.machine import Share, gpus_wanted, times
from cockpit.search.spec import Search


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

    `concurrent` is 0 when not even one trial fits anywhere.
    """
    known = list(rooms)
    cpu = search.resources.cpu or 1.0
    gpu = gpus_wanted(search, device, max((room.gpu for room in known), default=0.0))
    share = Share(0, cpu, gpu, search.resources.processes or max(1, int(gpu)))
    most = sum(room.trials(share) for room in known)
    return Share(min(search.concurrent or most, most), cpu, gpu, share.processes)
