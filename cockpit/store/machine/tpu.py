"""Whether this machine has TPU chips, and how busy they are.

Nothing is loaded for it into this process: who opens a TPU takes it from the trials.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.store.machine.patience import Patient
from cockpit.store.machine.rows import TpuRow

Look = tuple[tuple[TpuRow, ...], str]  # the chips, and why nothing is known of them
PROBE = (sys.executable, "-m", "cockpit.store.machine.tpu_probe")
PROBE_EVERY = 10.0  # seconds: a program has to be started for each look
PROBE_SECONDS = 20.0  # libtpu is large, and the machine may be busy

GOOGLE = "0x1ae0"  # PCI vendor
CHIPS = {
    "0x0027": "TPU v2 or v3",
    "0x0056": "TPU",
    "0x005e": "TPU v4",
    "0x0062": "TPU v5p",
    "0x0063": "TPU v5e",
    "0x006f": "TPU v6e",
    "0x0076": "TPU v7",
}


def tpu_text(devices: Path = Path("/sys/bus/pci/devices"), folder: Path = Path("/dev")) -> str:
    """`TPU v5e × 8`; empty where there is none.

    Told by the PCI bus, else by the chips' device files, else by what Cloud TPU machines have in their environment.
    """
    names = list(_on_the_bus(devices))
    if names:
        return f"{names[0]} × {len(names)}"
    files = [file for file in folder.glob("accel[0-9]*") if file.name[5:].isdigit()]
    kind = os.environ.get("TPU_ACCELERATOR_TYPE", "")
    if not files and not kind:
        return ""
    return " ".join(filter(None, ("TPU", kind, f"× {len(files)}" if files else "")))


def _on_the_bus(devices: Path) -> Iterator[str]:
    try:
        entries = sorted(devices.iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            vendor, device = ((entry / name).read_text().strip() for name in ("vendor", "device"))
        except OSError:
            continue
        if vendor == GOOGLE and device in CHIPS:
            yield CHIPS[device]


class TpuMeter:
    """How busy the chips are, as far as libtpu tells another process; nothing is asked where there are none."""

    def __init__(self, chips: str | None = None, command: Sequence[str] = PROBE) -> None:
        self.text = tpu_text() if chips is None else chips
        self._command = list(command)
        self._patient = Patient[tuple[TpuRow, ...]]("libtpu", self.look, (), PROBE_EVERY)

    def read(self) -> Look:
        """The newest look that is complete, and begin the next one. Never waits."""
        return self._patient.read() if self.text else ((), "")

    def look(self) -> Look:
        """Ask in a process of its own and wait for it. Never raises."""
        try:
            done = subprocess.run(self._command, capture_output=True, timeout=PROBE_SECONDS, check=False)
            told = json.loads(done.stdout.splitlines()[-1])
            return _rows(told), one_line(f"libtpu: {told['trouble']}", 120) if "trouble" in told else ""
        except subprocess.TimeoutExpired:
            return (), f"libtpu has not answered for {PROBE_SECONDS:.0f} s"
        except (OSError, ValueError, LookupError, TypeError):
            return (), "libtpu tells nothing"


def _rows(told: dict[str, Any]) -> tuple[TpuRow, ...]:
    """A row for each chip, or for each core where libtpu tells of these: memory is told by core on some chips."""
    loads, used, total = (told.get(name, []) for name in ("load", "memory_used", "memory_total"))
    each = (range(len(told)) for told in (loads, used, total))
    numbers = sorted(set(chain.from_iterable(each)))
    cores = max(1, len(used) // len(loads)) if loads else 1
    return tuple(
        TpuRow(number, _at(loads, number // cores), _whole(_at(used, number)), _whole(_at(total, number)))
        for number in numbers
    )


def _at(values: Sequence[float], number: int) -> float | None:
    return float(values[number]) if number < len(values) else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
