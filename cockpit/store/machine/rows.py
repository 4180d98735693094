"""What a look at this machine gives: plain frozen rows. Sizes are bytes, loads are per cent, powers are watts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessorRow:
    """`cores` is the load of each core that this machine shows; `load` is that of what may be used of them.

    `limit` is how many cores may be used where that is fewer than there are, `limited_by` what says so. `average` is
    the number of processes that wanted to run, over the last minute.
    """

    cores: tuple[float, ...]
    load: float
    limit: float | None
    limited_by: str
    average: float


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """`total` is what may be used: that of a container where it is less than the machine's, `limited` then."""

    used: int
    total: int
    limited: bool
    swap_used: int
    swap_total: int


@dataclass(frozen=True, slots=True)
class DiskRow:
    """The disk on which the logs folder is."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process on a GPU. `name` and `trial` are empty where they cannot be told, `memory` is None."""

    pid: int
    name: str
    trial: str
    memory: int | None


@dataclass(frozen=True, slots=True)
class GpuRow:
    """One GPU. What its driver does not tell is None; `trouble` is why it tells nothing at all.

    `clock` is that of its processors in MHz. One that `is_divided` (MIG) has no load as a whole.
    """

    number: int
    name: str
    load: float | None = None
    memory_used: int | None = None
    memory_total: int | None = None
    power: float | None = None
    power_limit: float | None = None
    temperature: int | None = None
    clock: int | None = None
    is_divided: bool = False
    processes: tuple[GpuProcess, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class TpuRow:
    """One TPU chip, or core. What libtpu does not tell is None."""

    number: int
    load: float | None = None
    memory_used: int | None = None
    memory_total: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """Bytes a second that came in and went out, over all interfaces but the loopback."""

    received: float
    sent: float


@dataclass(frozen=True, slots=True)
class TrialProcess:
    """A trial of this logs folder that runs on this machine, its helpers counted in.

    `trial` is `exp012/t003`. `load` is 100 for one busy core; `memory` counts what processes share once for each.
    """

    trial: str
    pid: int
    processes: int
    load: float
    memory: int


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """Loads of the last minutes, oldest first; `ages` is how long ago in seconds, `gpus` are by their number.

    What was not told is 0. `tpus` are by number too.
    """

    ages: tuple[float, ...]
    processor: tuple[float, ...]
    memory: tuple[float, ...]
    gpus: tuple[tuple[float, ...], ...]
    tpus: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One look. A part that could not be read is None or empty, and `troubles` says why, by the part's name.

    `tpu` describes the TPU chips in words, empty where there are none; `tpus` is what they tell. What comes from
    `whole` on is in whole looks only.
    """

    disk: DiskRow | None = None
    gpus: tuple[GpuRow, ...] = ()
    tpu: str = ""
    tpus: tuple[TpuRow, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    processor: ProcessorRow | None = None
    memory: MemoryRow | None = None
    network: NetworkRow | None = None
    trials: tuple[TrialProcess, ...] = ()
    history: HistoryRow = HistoryRow((), (), (), ())

    def trouble(self, part: str) -> str:
        """Why the part is missing; empty where nothing is wrong with it."""
        return dict(self.troubles).get(part, "")
