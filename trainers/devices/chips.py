"""Whether this machine has TPU chips. Nothing is loaded for it: who opens a chip takes it from all others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

GOOGLE = "0x1ae0"  # PCI vendor, of network cards too
CHIPS = ("0x0027", "0x0056", "0x005e", "0x0062", "0x0063", "0x006f", "0x0076")  # v2 to v7


def has_chips(devices: Path = Path("/sys/bus/pci/devices"), environment: Mapping[str, str] = os.environ) -> bool:
    """Told by the PCI bus, else by what TPU machines of Google and Kaggle have in their environment."""
    if any(vendor == GOOGLE and device in CHIPS for vendor, device in _on_the_bus(devices)):
        return True
    return (
        environment.get("PJRT_DEVICE") == "TPU"
        or environment.get("ISTPUVM") == "1"
        or bool(environment.get("TPU_ACCELERATOR_TYPE"))
    )


def _on_the_bus(devices: Path) -> Iterator[tuple[str, str]]:
    for entry in devices.glob("*"):
        try:
            yield (entry / "vendor").read_text().strip(), (entry / "device").read_text().strip()
        except OSError:
            continue
