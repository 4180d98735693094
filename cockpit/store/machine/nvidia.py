"""GPUs as the NVIDIA driver sees them. It is asked beside everything else, because a sick one may not answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from cockpit.events.text import one_line
from cockpit.store.machine.patience import Patient
from cockpit.store.machine.processes import process_name, trial_of
from cockpit.store.machine.rows import GpuProcess, GpuRow

T = TypeVar("T")
Look = tuple[tuple[GpuRow, ...], str]  # the GPUs, and why there are none


class NvidiaMeter:
    """Looks at the GPUs in a thread of its own, one look at a time; `read` never waits."""

    def __init__(self, load_library: Callable[[], ModuleType] | None = None) -> None:
        self._load_library = load_library or (lambda: importlib.import_module("pynvml"))
        self._library: Any = None
        self._patient = Patient[tuple[GpuRow, ...]]("the NVIDIA driver", self.look, ())

    def read(self) -> Look:
        """The newest look that is complete, and begin the next one."""
        return self._patient.read()

    def look(self) -> Look:
        """Ask the driver and wait for it. Never raises."""
        try:
            if self._library is None:
                library = self._load_library()
                library.nvmlInit()
                self._library = library
            count = self._library.nvmlDeviceGetCount()
        except Exception as error:  # no driver, one that does not fit its library, or no library: all of them words
            self._library = None  # a driver that was loaded anew wants to be met anew
            return (), _why(error)
        return tuple(self._gpu(number) for number in range(count)), "" if count else "no GPU"

    def _gpu(self, number: int) -> GpuRow:
        nvml = self._library
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(number)
            name = nvml.nvmlDeviceGetName(handle)
        except Exception as error:
            return GpuRow(number, "", trouble=_why(error))
        memory = _answer(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        utilisation = _answer(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        power = _answer(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        limit = _answer(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
        lost = memory is None and utilisation is None
        return GpuRow(
            number=number,
            name=one_line(name, 80),
            load=None if utilisation is None else float(utilisation.gpu),
            memory_used=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            power=None if power is None else power / 1000,
            power_limit=None if limit is None else limit / 1000,
            temperature=_answer(lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
            clock=_answer(lambda: int(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))),
            is_divided=bool(_answer(lambda: nvml.nvmlDeviceGetMigMode(handle)[0])),
            processes=tuple(map(_process, _answer(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle)) or ())),
            trouble="the driver tells nothing of it" if lost else "",
        )


def _process(process: Any) -> GpuProcess:
    used = process.usedGpuMemory
    return GpuProcess(
        process.pid, process_name(process.pid), trial_of(process.pid), None if used is None else int(used)
    )


def _answer(question: Callable[[], T]) -> T | None:
    """What the driver says; None where this GPU does not know such a thing or is lost."""
    try:
        return question()
    except Exception:
        return None


def _why(error: Exception) -> str:
    if type(error).__name__ in ("NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded"):
        return "no NVIDIA driver"
    return one_line(f"NVIDIA: {str(error) or type(error).__name__}", 120)
