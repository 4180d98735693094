"""NVIDIA cards, and AMD cards through the same interface."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainers.devices.base import Device, Fetched
from trainers.devices.cards import card_of, check_cards
from trainers.devices.team import place

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class _Arriving(Fetched):
    """A copy into pinned memory, which the host goes on beside."""

    def __init__(self, packed: Tensor, sizes: Sequence[int]) -> None:
        import torch

        on_host = torch.empty(packed.shape, dtype=packed.dtype, pin_memory=True)
        super().__init__(on_host.copy_(packed, non_blocking=True), sizes)
        self._is_there = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._is_there.record()

    def floats(self) -> list[list[float]]:
        # Device sync: until this copy has been made, and no longer.
        self._is_there.synchronize()
        return super().floats()


class CudaDevice(Device):
    """The first card that `CUDA_VISIBLE_DEVICES` leaves visible: whoever places trials sets that variable.

    Of several processes on one machine each takes the card of its local rank, or the only one that it sees.
    """

    kind = "cuda"
    flush_seconds = 0.25
    backend = "cpu:gloo,cuda:nccl"

    @property
    def index(self) -> int:
        import torch

        return card_of(place(os.environ), torch.cuda.device_count())

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cuda", self.index)

    def setup(self, threads: int = 0) -> None:
        import torch

        # The process group takes the card that is current when it starts.
        torch.cuda.set_device(self.index)
        super().setup(threads)

    def meet(self) -> None:
        import torch

        super().meet()
        card = torch.cuda.get_device_properties(self.index)
        check_cards(self.team.gather(f"{socket.gethostname()} {card.uuid}"))

    def fetch(self, packs: Sequence[Tensor]) -> Fetched:
        import torch

        return _Arriving(torch.cat(list(packs)), [len(pack) for pack in packs])

    def free(self) -> None:
        import torch

        torch.cuda.empty_cache()

    def rng_state(self) -> dict[str, Tensor]:
        import torch

        return super().rng_state() | {"cuda": torch.cuda.get_rng_state(self.index)}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        import torch

        super().set_rng_state(state)
        if "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.index)

    def describe(self) -> str:
        import torch

        return f"cuda:{self.index} {torch.cuda.get_device_name(self.index)}"
