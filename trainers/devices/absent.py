"""Devices that cannot be here, as far as that is known without torch, which takes seconds to load.

Whoever starts trials asks here before anything is made. What only torch can tell is left to `trainers.devices.select`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from trainers.contract import InputError
from trainers.devices import chips
from trainers.devices.autoload import TORCH_XLA, installed_version, is_installed
from trainers.devices.automatic import NO_CARD, NOT_BUILT, WITHOUT_CUDA, has_tpu_library
from trainers.devices.kinds import CPU, CUDA, MPS, TPU, XLA

METAL = "Metal is there on Apple computers only; use --device cpu"
INSTALL_CUDA = "use --device cpu, or install a CUDA build of torch"
INSTALL_XLA = "install torch_xla with the torch version it was built for"
NO_CHIP = "there is no TPU chip here; use --device cpu"
FIND_CARD = f"{NO_CARD}; use --device cpu, or see what `cockpit doctor` finds"
# What the cards of NVIDIA and AMD are reached by, on boards with Tegra and on Windows' Linux too.
CARDS = ("nvidia[0-9]*", "kfd", "nvhost-gpu", "nvgpu", "dxg")


def refusal(kind: str, why: str) -> InputError:
    """The error for a device that is not there; `why` ends with what to do."""
    return InputError(f"device {kind} is not available: {why}")


def refuse_absent(kind: str) -> None:
    """Raises `InputError` for a kind of device that no process on this machine can have."""
    why = _WHY[kind]() if kind in _WHY else ""
    if why:
        raise refusal(kind, why)


def has_cards(devices: Path = Path("/dev"), environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there may be a card that torch calls CUDA, and that is not hidden from this process."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return False
    return any(next(devices.glob(name), None) for name in CARDS)


def _cuda() -> str:
    if not has_cards():
        return FIND_CARD
    return f"{NOT_BUILT}; {INSTALL_CUDA}" if installed_version("torch").endswith(WITHOUT_CUDA) else ""


def _mps() -> str:
    return "" if platform.system() == "Darwin" else METAL


def _xla() -> str:
    return "" if is_installed(TORCH_XLA) else f"torch_xla is not installed; use --device {CPU}, or {INSTALL_XLA}"


def _tpu() -> str:
    if has_tpu_library():
        return ""
    advice = f"use --device {CPU}, or install one of them" if chips.has_chips() else NO_CHIP
    return f"neither torch_tpu nor torch_xla is installed; {advice}"


_WHY: dict[str, Callable[[], str]] = {CUDA: _cuda, MPS: _mps, XLA: _xla, TPU: _tpu}
