"""What this machine has and how busy it is: processor, memory, disk, GPUs, TPUs and the processes of trials."""

from cockpit.store.machine.meter import MachineMeter
from cockpit.store.machine.rows import (
    DiskRow,
    GpuProcess,
    GpuRow,
    HistoryRow,
    MachineRow,
    MemoryRow,
    NetworkRow,
    ProcessorRow,
    TpuRow,
    TrialProcess,
)

__all__ = [
    "DiskRow",
    "GpuProcess",
    "GpuRow",
    "HistoryRow",
    "MachineMeter",
    "MachineRow",
    "MemoryRow",
    "NetworkRow",
    "ProcessorRow",
    "TpuRow",
    "TrialProcess",
]
