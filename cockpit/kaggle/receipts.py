"""Accelerators as one asks for them, and what a run says that it really got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.events.text import one_line
from cockpit.kaggle.errors import RefusedError

# The service takes any name, and puts another machine in the place of one that it has no more.
ACCELERATORS = {
    "": "cpu",
    "NvidiaTeslaT4": "gpu",
    "NvidiaL4": "gpu",
    "NvidiaL4X1": "gpu",
    "NvidiaTeslaA100": "gpu",
    "NvidiaH100": "gpu",
    "NvidiaRtxPro6000": "gpu",
    "TpuV5E8": "tpu",
    "TpuV6E8": "tpu",
}
RETIRED = ("NvidiaTeslaP100", "Tpu1VmV38", "TpuV38")
TEXTS, NUMBERS = ("asked", "device", "python", "deaf"), ("count", "session")


def refuse_retired(accelerator: str) -> None:
    """Raises `RefusedError` for an accelerator that there is no more."""
    if accelerator in RETIRED:
        known = ", ".join(name for name in ACCELERATORS if name)
        raise RefusedError(f"{accelerator}: Kaggle has it no more, and silently gives another one; there are {known}")


def mismatch(receipt: Mapping[str, Any]) -> str:
    """What a run got other than it asked for, in one phrase; empty where that fits."""
    asked = one_line(str(receipt.get("asked") or ""))
    wanted = ACCELERATORS.get(asked)
    got = one_line(str(receipt.get("device") or "nothing"))
    return f"asked for {asked}, got {got}" if wanted and wanted != got and asked else ""


def kept(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of a receipt, made harmless."""
    texts = {key: one_line(str(receipt[key])) for key in TEXTS if isinstance(receipt.get(key), str)}
    numbers = {key: receipt[key] for key in NUMBERS if type(receipt.get(key)) is int}
    return texts | numbers
