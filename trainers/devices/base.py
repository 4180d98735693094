"""What a training loop may ask of the hardware."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainers.files import write_atomically

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Device(ABC):
    """The plain way of doing everything; a kind of hardware overrides what it does differently.

    `setup` comes before any other work with torch in the process, because some back ends cannot be chosen later.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def torch_device(self) -> torch.device:
        """Where models and batches go."""

    @abstractmethod
    def describe(self) -> str:
        """A short text for people, such as `cuda:0 NVIDIA H200`."""

    def setup(self, threads: int = 0) -> None:
        """Makes the device ready with so many CPU threads; 0 leaves the number to torch."""
        import torch

        if threads > 0:
            torch.set_num_threads(threads)

    def seed(self, seed: int) -> None:
        """Seeds the generators that torch uses on this device and on the host."""
        import torch

        torch.manual_seed(seed)

    def rng_state(self) -> dict[str, Tensor]:
        """The state of those generators, for a checkpoint."""
        import torch

        return {"host": torch.get_rng_state()}

    def step_end(self) -> None:  # noqa: B027 - eager devices have nothing to do here
        """The work of one training step has been described completely. Call it once a step, before any `read`."""

    def read(self, values: Sequence[Tensor]) -> list[float]:
        """All elements of `values`, flattened and in order, as floats.

        They travel in ONE copy from device to host. This waits for the device: call it only on logged steps.
        """
        import torch

        if not values:
            return []
        packed = torch.cat([value.detach().reshape(-1).float() for value in values])
        floats: list[float] = packed.tolist()
        return floats

    def save(self, obj: Any, path: str | Path) -> None:
        """Writes `obj` so that `torch.load(path, weights_only=True)` opens it on a machine without this device.

        Tensors are copied to the host first; the file appears whole or not at all. Raises `OSError`.
        """
        import torch

        on_host = torch.utils._pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.detach().cpu(), obj)
        write_atomically(path, lambda stream: torch.save(on_host, stream))
