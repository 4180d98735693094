"""What `auto` takes, and why: CUDA, then a TPU, then Metal, then the processor."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from trainers.devices import chips
from trainers.devices.autoload import TORCH_TPU, TORCH_XLA, installed_version, is_installed
from trainers.devices.kinds import CPU, CUDA, MPS, TPU

NO_CARD = "no CUDA card is visible"
NOT_BUILT = "this torch was built without CUDA"
WITHOUT_CUDA = "+cpu"  # how the version of such a torch may end; that of other builds says nothing
_NO_METAL = "no Metal"


@dataclass(frozen=True)
class Choice:
    """A kind of device, and the reason for it as people read it: `no CUDA card is visible, no TPU, no Metal`."""

    kind: str
    reason: str

    @property
    def text(self) -> str:
        """`cpu (no CUDA card is visible, no TPU, no Metal)`."""
        return f"{self.kind} ({self.reason})"


def look() -> Choice:
    """What `auto` takes in this process. Loads torch."""
    import torch

    no_cuda = ""
    if not torch.cuda.is_available():
        is_built = bool(torch.version.cuda or torch.version.hip)
        no_cuda = _no_cuda(is_built, Path("/dev/nvidia0").exists() and not is_built)
    return _first(no_cuda, _no_tpu(), "" if torch.backends.mps.is_available() else _NO_METAL)


def guess(cards: int) -> Choice:
    """The same without torch, on a machine where so many NVIDIA cards are visible: what a process will likely take."""
    on_apple = platform.system() == "Darwin"
    version = installed_version("torch")
    is_built = bool(version) and not on_apple and not version.endswith(WITHOUT_CUDA)
    no_cuda = "" if cards and is_built else _no_cuda(is_built, bool(cards))
    return _first(no_cuda, _no_tpu(), "" if on_apple and platform.machine() == "arm64" else _NO_METAL)


def has_tpu_library() -> bool:
    """Whether one of those that know TPUs is installed."""
    return is_installed(TORCH_TPU) or is_installed(TORCH_XLA)


def _first(no_cuda: str, no_tpu: str, no_metal: str) -> Choice:
    """Each text says why there is none, and is empty where there is one."""
    if not no_cuda:
        return Choice(CUDA, "a CUDA card is visible")
    if not no_tpu:
        return Choice(TPU, f"there is a TPU, and {no_cuda}")
    if not no_metal:
        return Choice(MPS, f"there is Metal, {no_cuda}, {no_tpu}")
    return Choice(CPU, f"{no_cuda}, {no_tpu}, {no_metal}")


def _no_cuda(is_built: bool, has_card: bool) -> str:
    return NOT_BUILT if has_card and not is_built else NO_CARD


def _no_tpu() -> str:
    if not chips.has_chips():
        return "no TPU"
    return "" if has_tpu_library() else "a TPU but neither torch_tpu nor torch_xla"
