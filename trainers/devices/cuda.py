"""NVIDIA cards, and AMD cards through the same interface."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

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


# Volta; Pascal, such as a P100, is 6.0.
OLDEST_COMPILED = (7, 0)


class CudaDevice(Device):
    """The first card that `CUDA_VISIBLE_DEVICES` leaves visible: whoever places trials sets that variable.

    Of several processes on one machine each takes the card of its local rank, or the only one that it sees.
    """

    kind = "cuda"
    optimizer_implementation: ClassVar[Mapping[str, bool]] = {"fused": True}
    backend = "cpu:gloo,cuda:nccl"
    pins_memory = True
    _copies: torch.cuda.Stream | None = None

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

    def begin_thread(self) -> None:
        import torch

        torch.cuda.set_device(self.index)

    def meet(self) -> None:
        import torch

        super().meet()
        card = torch.cuda.get_device_properties(self.index)
        check_cards(self.team.gather(f"{socket.gethostname()} {card.uuid}"))

    def fetch(self, packs: Sequence[Tensor]) -> Fetched:
        import torch

        return _Arriving(torch.cat(list(packs)), [len(pack) for pack in packs])

    def receive(self, batch: Any) -> Any:
        """On a stream of its own, which the steps' stream waits for, and not the host: copies run beside steps."""
        import torch

        steps = torch.cuda.current_stream(self.index)
        if self._copies is None:
            self._copies = torch.cuda.Stream(self.index)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._copies):
            batch = super().receive(batch)
        steps.wait_stream(self._copies)
        for tensor in torch.utils._pytree.tree_leaves(batch):
            if isinstance(tensor, torch.Tensor):
                # Its memory may be used anew only when the step that reads it is over.
                tensor.record_stream(steps)
        return batch

    def mark(self) -> Any:
        import torch

        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self.index))
        return event

    def has_passed(self, mark: Any) -> bool:
        passed: bool = mark.query()
        return passed

    def seconds_between(self, first: Any, last: Any) -> float:
        last.synchronize()
        milliseconds: float = first.elapsed_time(last)
        return milliseconds / 1000.0

    def free(self) -> None:
        import torch

        torch.cuda.empty_cache()

    def obstacle_to_compiling(self) -> str:
        import torch

        if torch.cuda.get_device_capability(self.index) < OLDEST_COMPILED:
            return "Triton compiles for cards of capability 7.0 and above; take a newer one"
        return "" if importlib.util.find_spec("triton") else "Triton is missing; install it"

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
