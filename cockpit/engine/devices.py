"""Which devices trials can be given, what is meant by `auto` on this machine, and what records call them."""

from __future__ import annotations

import os

from trainers.devices import automatic
from trainers.devices.kinds import AUTO, CHOICES, CPU, TPU, XLA

__all__ = ["AUTO", "CHOICES", "device_text", "is_another", "is_tpu", "kind_of", "takes_all_chips"]


def device_text(asked: str, cards: int) -> str:
    """`cuda`, or for `auto` what it will come to and why: `auto: cpu (no CUDA card is visible, no TPU, no Metal)`.

    So many NVIDIA `cards` are visible. torch is not loaded for it: a trial decides for itself, by the same rules, and
    its record has the last word.
    """
    return f"{AUTO}: {automatic.guess(cards).text}" if asked == AUTO else asked


def takes_all_chips(asked: str, cards: int) -> bool:
    """Whether a trial has the whole TPU of a machine with so many NVIDIA cards: no two processes can open it."""
    if asked == AUTO:
        return automatic.guess(cards).kind == TPU
    return is_tpu(asked)


def is_tpu(asked: str) -> bool:
    """Whether a TPU is meant; XLA runs on other hardware as well."""
    return asked == TPU or (asked == XLA and os.environ.get("PJRT_DEVICE", "TPU") == "TPU")


def kind_of(described: str) -> str:
    """The kind to ask for in order to get a device that a record describes so: `cuda:0 NVIDIA H200` is cuda."""
    kind = described.partition(" ")[0].partition(":")[0].lower()
    return kind if kind in CHOICES and kind != AUTO else CPU


def is_another(asked: str, described: str) -> bool:
    """Whether a trial ran on another kind of device than is asked for now, as far as that can be told."""
    if asked == AUTO or described in ("", "none"):
        return False
    kinds = (TPU, XLA) if asked == TPU else (asked,)
    return kind_of(described) not in kinds
