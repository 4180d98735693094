"""TPUs through torch_tpu, which brings torch the device `tpu`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from trainers.contract import InputError
from trainers.devices.base import Device
from trainers.devices.team import place

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class TpuDevice(Device):
    """One chip, which belongs to this process alone.

    torch_tpu defers operations and compiles them together, so each step should have the same shapes. It does so when a
    value is asked for, and has no way to end a step without: that is why logged steps are read at once.

    Raises `ImportError` when torch_tpu is missing, does not fit the installed torch or finds no chip.
    """

    kind = "tpu"
    lazy = True

    def __init__(self) -> None:
        import torch

        # As `import torch` does by itself, unless it was kept from it: see `trainers.devices.autoload`.
        back_ends = entry_points(group="torch.backends", name="torch_tpu")
        if not back_ends:
            raise ImportError("torch_tpu is not installed")
        for back_end in back_ends:
            back_end.load()()
        accelerator = torch.accelerator.current_accelerator()
        if accelerator is None or accelerator.type != "tpu" or not torch.accelerator.is_available():
            raise ImportError("torch_tpu finds no TPU chip")

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("tpu")

    def rng_state(self) -> dict[str, Tensor]:
        return super().rng_state() | {"tpu": self._generator().get_state()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        super().set_rng_state(state)
        if "tpu" in state:
            self._generator().set_state(state["tpu"])

    def _generator(self) -> torch.Generator:
        import torch

        generators: tuple[torch.Generator, ...] = torch.get_device_module("tpu").default_generators
        return generators[torch.accelerator.current_device_index()]

    def free(self) -> None:
        import torch

        torch.accelerator.empty_cache()

    def meet(self) -> None:
        if place(os.environ) is not None:
            raise InputError("device tpu trains in one process; unset WORLD_SIZE, or use --device cpu or cuda")

    def describe(self) -> str:
        import torch

        return f"tpu {torch.get_device_module('tpu').get_device_name()}"
