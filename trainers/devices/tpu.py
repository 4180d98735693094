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

    By default torch_tpu defers operations and fuses them, so shapes should stay the same, as with torch_xla; unlike
    there a read only waits for what it needs and cuts no graph.

    Raises `ImportError` when torch_tpu is missing, does not fit the installed torch or finds no chip.
    """

    kind = "tpu"

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
        import torch

        return super().rng_state() | {"tpu": torch.get_device_module("tpu").get_rng_state()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        import torch

        super().set_rng_state(state)
        if "tpu" in state:
            torch.get_device_module("tpu").set_rng_state(state["tpu"])

    def meet(self) -> None:
        if place(os.environ) is not None:
            raise InputError("device tpu trains in one process; unset WORLD_SIZE, or use --device cpu or cuda")

    def describe(self) -> str:
        import torch

        return f"tpu {torch.get_device_module('tpu').get_device_name()}"
