"""Whether this machine has TPU chips. Nothing is loaded for it: who opens a TPU takes it from the trials."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

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
