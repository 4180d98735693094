"""Picks the hardware for this process."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

from trainers.contract import InputError, Trainer
from trainers.devices.base import Device

KINDS = ("auto", "cpu", "cuda", "tpu", "none")


def select(kind: str) -> Device:
    """The device of this kind; `auto` takes a GPU, then a TPU, then the processor.

    Raises `InputError` when it does not exist here. Call it once per process, before any other work with torch.
    """
    makers: dict[str, Callable[[], Device]] = {"auto": _auto, "cpu": _cpu, "cuda": _cuda, "tpu": _tpu, "none": _none}
    if kind not in makers:
        raise InputError(f"unknown device {kind!r}: give one of {', '.join(KINDS)}")
    return makers[kind]()


def select_for(trainer: Trainer, kind: str) -> Device:
    """As `select`, except that a trainer which computes without torch gets a device which does not load it."""
    return select(kind if trainer.uses_torch else "none")


def _auto() -> Device:
    import torch

    if torch.cuda.is_available():
        return _cuda()
    on_tpu_machine = os.environ.get("PJRT_DEVICE") == "TPU" or os.environ.get("ISTPUVM") == "1"
    if on_tpu_machine and importlib.util.find_spec("torch_xla") is not None:
        return _tpu()
    return _cpu()


def _cpu() -> Device:
    from trainers.devices.cpu import CpuDevice

    return CpuDevice()


def _cuda() -> Device:
    import torch

    from trainers.devices.cuda import CudaDevice

    if not torch.cuda.is_available():
        built = "no CUDA card is visible" if torch.version.cuda else f"torch {torch.__version__} was built without it"
        raise InputError(f"device cuda is not available: {built}; use --device cpu, or install a CUDA build of torch")
    return CudaDevice()


def _tpu() -> Device:
    from trainers.devices.xla import XlaDevice

    try:
        return XlaDevice()
    except ImportError as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"device tpu is not available: {reason}; install torch_xla with the torch version it was built for"
        ) from error


def _none() -> Device:
    from trainers.devices.none import NoDevice

    return NoDevice()
