"""Picks the hardware for this process."""

from __future__ import annotations

from collections.abc import Callable

from trainers.contract import InputError, Trainer
from trainers.devices import absent, automatic, chips
from trainers.devices.autoload import TORCH_TPU, is_installed
from trainers.devices.base import Device
from trainers.devices.kinds import AUTO, CHOICES, CPU, CUDA, MPS, NONE, TPU, XLA


def select(kind: str) -> Device:
    """The device of this kind; `auto` takes a GPU, then a TPU, then Metal, then the processor, and gives its `reason`.

    Raises `InputError` when it does not exist here. Call it once per process, before any other work with torch.
    """
    if kind == AUTO:
        choice = automatic.look()
        device = _MAKERS[choice.kind]()
        device.reason = choice.reason
        return device
    if kind not in _MAKERS:
        raise InputError(f"unknown device {kind!r}: give one of {', '.join((*CHOICES, NONE))}")
    return _MAKERS[kind]()


def select_for(trainer: Trainer, kind: str) -> Device:
    """As `select`, except that a trainer which computes without torch gets a device which does not load it."""
    return select(kind if trainer.uses_torch else NONE)


def _cpu() -> Device:
    from trainers.devices.cpu import CpuDevice

    return CpuDevice()


def _cuda() -> Device:
    import torch

    from trainers.devices.cuda import CudaDevice

    if not torch.cuda.is_available():
        without = f"torch {torch.__version__} was built without it; {absent.INSTALL_CUDA}"
        raise absent.refusal(CUDA, absent.FIND_CARD if torch.version.cuda or torch.version.hip else without)
    return CudaDevice()


def _mps() -> Device:
    import torch

    from trainers.devices.mps import MpsDevice

    if not torch.backends.mps.is_available():
        raise absent.refusal(MPS, absent.METAL)
    return MpsDevice()


def _tpu() -> Device:
    if not is_installed(TORCH_TPU):
        return _xla(TPU)
    from trainers.devices.tpu import TpuDevice

    try:
        return TpuDevice()
    except ImportError as error:
        raise absent.refusal(TPU, f"{_one_line(error)}; `cockpit doctor` looks closer") from error


def _xla(asked: str = XLA) -> Device:
    from trainers.devices.xla import XlaDevice

    try:
        return XlaDevice()
    except ImportError as error:
        advice = absent.NO_CHIP if asked == TPU and not chips.has_chips() else absent.INSTALL_XLA
        raise absent.refusal(asked, f"{_one_line(error)}; {advice}") from error


def _none() -> Device:
    from trainers.devices.none import NoDevice

    return NoDevice()


def _one_line(error: ImportError) -> str:
    return " ".join(str(error).split())


_MAKERS: dict[str, Callable[[], Device]] = {
    CPU: _cpu, CUDA: _cuda, MPS: _mps, XLA: _xla, TPU: _tpu, NONE: _none,
}  # fmt: skip
