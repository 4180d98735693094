"""TPUs through torch_xla.

Operations are only recorded until `torch_xla.sync()` compiles and runs them. So every step has to end with
`step_end`, values are read after it and never inside a step, and tensor shapes stay the same from step to step: a
read in the middle cuts the graph, and a new shape compiles a new one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from trainers.contract import InputError
from trainers.devices.base import Device
from trainers.devices.team import place

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class XlaDevice(Device):
    """One TPU core as this process sees it.

    torch_xla is imported when the device is made: after a backward pass on the CPU in the same process its import
    leaves autograd unusable. Raises `ImportError` when torch_xla is missing or does not fit the installed torch.
    """

    kind = "xla"
    # The number of the step stays on the device, or it would be another constant in the graph of each step.
    optimizer_implementation: ClassVar[Mapping[str, bool]] = {"foreach": False, "capturable": True}
    lazy = True
    flush_seconds = 0.25

    def __init__(self) -> None:
        import torch_xla
        import torch_xla.core.xla_model as xla_model

        self._xla = torch_xla
        self._model = xla_model

    @property
    def torch_device(self) -> torch.device:
        device: torch.device = self._xla.device()
        return device

    def seed(self, seed: int) -> None:
        super().seed(seed)
        self._model.set_rng_state(seed, device=str(self.torch_device))

    def rng_state(self) -> dict[str, Tensor]:
        import torch

        state = int(self._model.get_rng_state(device=str(self.torch_device)))
        return super().rng_state() | {"xla": torch.tensor(state)}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        super().set_rng_state(state)
        if "xla" in state:
            self._model.set_rng_state(int(state["xla"]), device=str(self.torch_device))

    def meet(self) -> None:
        if place(os.environ) is not None:
            raise InputError("device xla trains in one process; unset WORLD_SIZE, or use --device cpu or cuda")

    def step_end(self) -> None:
        # Device sync: the graph recorded since the last one is compiled if it is new, and started.
        self._xla.sync()

    def supports(self, precision: str) -> bool:
        # Nothing scales losses here, and bfloat16 does without.
        return precision != "fp16" and super().supports(precision)

    def obstacle_to_compiling(self) -> str:
        return "it compiles each step by itself; leave compile out"

    def describe(self) -> str:
        return f"{self.torch_device} {os.environ.get('PJRT_DEVICE', 'TPU')}"
