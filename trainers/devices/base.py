"""What a training loop may ask of the hardware."""

from __future__ import annotations

import os
import shutil
import sys
import time
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainers.checkpoint import unusable
from trainers.devices import compiler
from trainers.devices.team import Team, place
from trainers.files import write_atomically

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Fetched:
    """Packs on their way to the host, in one copy."""

    def __init__(self, packed: Tensor, sizes: Sequence[int]) -> None:
        self._packed = packed
        self._sizes = sizes

    def floats(self) -> list[list[float]]:
        """The numbers of each pack. This waits until they are there."""
        floats: list[float] = self._packed.tolist()
        ends = list(accumulate(self._sizes))
        return [floats[end - size : end] for end, size in zip(ends, self._sizes, strict=True)]


class Device(ABC):
    """The plain way of doing everything; a kind of hardware overrides what it does differently.

    `setup` comes before any other work with torch in the process, because some back ends cannot be chosen later.

    A `lazy` device only records operations until `step_end`, and wants each step to have the same shapes. Logged steps
    may lie on the device for about `flush_seconds`; where it `answers_at_once`, reading them is no wait. `reason` is
    why this device was taken where the user left the choice. `chips` are those that this process computes with.
    """

    kind: ClassVar[str]
    lazy: ClassVar[bool] = False
    flush_seconds: ClassVar[float] = 0.25
    answers_at_once: ClassVar[bool] = False
    # Whether batches in pinned memory are copied here while the host goes on.
    pins_memory: ClassVar[bool] = False
    # What optimizers are built with here, unless the user says otherwise.
    optimizer_implementation: ClassVar[Mapping[str, bool]] = {}
    reason: str = ""
    chips: int = 1
    # What torch.distributed moves tensors with, for the host and for this device.
    backend: ClassVar[str] = "gloo"
    team: Team = Team()

    @property
    @abstractmethod
    def torch_device(self) -> torch.device:
        """Where models and batches go."""

    @abstractmethod
    def describe(self) -> str:
        """A short text for people, such as `cuda:0 NVIDIA H200`."""

    def setup(self, threads: int = 0) -> None:
        """Makes the device ready with so many CPU threads; 0 leaves the number to torch.

        Where torchrun's variables name several processes, it waits for the others: they are the `team` from then on.
        Raises `InputError` when they cannot be met.
        """
        import torch

        compiler.defer()
        if threads > 0:
            torch.set_num_threads(threads)
        self.meet()

    def meet(self) -> None:
        """Joins the other processes of this training, if there are any."""
        where = place(os.environ)
        if where is not None and self.team.size == 1:
            from trainers.devices.group import Group

            self.team = Group(where, self.backend)

    def seed(self, seed: int) -> None:
        """Seeds the generators that torch uses on this device and on the host."""
        import torch

        torch.manual_seed(seed)

    def rng_state(self) -> dict[str, Tensor]:
        """The state of those generators, for a checkpoint."""
        import torch

        return {"host": torch.get_rng_state()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        """Goes on with the states of a checkpoint; those of a device that this one is not are left aside."""
        import torch

        torch.set_rng_state(state["host"])

    def begin_thread(self) -> None:  # noqa: B027 - most devices are the same from every thread
        """Makes a thread besides the first one ready to work for this device."""

    def receive(self, batch: Any) -> Any:
        """The batch with its tensors here. Copies from pinned memory go on beside the work that was begun before."""
        return moved(batch, self.torch_device)

    def mark(self) -> Any:
        """A moment: all work that was given to the device so far is done then. Nothing waits for it."""
        return time.perf_counter()

    def has_passed(self, mark: Any) -> bool:
        """Whether the device has come to this moment."""
        return True

    def seconds_between(self, first: Any, last: Any) -> float:
        """The time from one mark to a later one. This waits until the device has come to it."""
        seconds: float = last - first
        return seconds

    def step_end(self) -> None:  # noqa: B027 - eager devices have nothing to do here
        """The work of one training step has been described completely. Call it once a step, before any `read`."""

    def pack(self, values: Sequence[Tensor]) -> Any:
        """All elements of `values`, flattened and in order, for `fetch`: one float32 vector on the device.

        It belongs to the step that made the values: call it before `step_end`.
        """
        import torch

        if not values:
            return torch.empty(0, device=self.torch_device)
        with torch.no_grad():
            return torch.cat([value.reshape(-1) for value in values]).float()

    def fetch(self, packs: Sequence[Any]) -> Fetched:
        """Begins ONE copy of these packs to the host and does not wait for it. Call it after `step_end`.

        Vectors in float32 that were made within their steps, and are not written to any more, are packs as well.
        """
        import torch

        packed = packs[0] if len(packs) == 1 else torch.cat(list(packs))
        return Fetched(packed, [len(pack) for pack in packs])

    def read(self, values: Sequence[Tensor]) -> list[float]:
        """All elements of `values`, flattened and in order, as floats, in one copy.

        This waits for the device: it is for evaluations and checkpoints, never for a step.
        """
        if not values:
            return []
        pack = self.pack(values)
        self.step_end()
        return self.fetch([pack]).floats()[0]

    def put(self, tensor: Tensor) -> Tensor:
        """A tensor of a batch, rows first, where the model is.

        Copies from pinned memory go on while the host prepares what follows.
        """
        return tensor.to(self.torch_device, non_blocking=True)

    def sharing(self, rows: int) -> int:
        """How many chips share the work on a batch of so many rows."""
        return 1

    def whole(self, tensor: Tensor) -> Tensor:
        """The same values where one copy can fetch them all; part of the step that made them."""
        return tensor

    def on_host(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """These tensors, which agree in all sizes but their first, in one copy. Call it after `step_end`; it waits."""
        import torch

        if not tensors:
            return []
        return list(torch.split(torch.cat(list(tensors)).cpu(), [len(tensor) for tensor in tensors]))

    def adopt(self, model: nn.Module) -> None:
        """Moves a model here, ready to be trained."""
        model.to(self.torch_device)

    def release(self, model: nn.Module) -> None:  # noqa: B027 - most have nothing to do
        """Weights and buffers of a model that is here are about to be written over from the host."""

    def settle(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:  # noqa: B027 - most have nothing to do
        """Training is about to begin: whatever would make the first step another one than the others is done now."""

    def counters(self) -> dict[str, float]:
        """What the host knows of the device's own work, such as `compiles`, to stand beside a logged step's metrics."""
        return {}

    def autocast(self, precision: str) -> AbstractContextManager[object]:
        """Computes within in this precision where that is safe: `bf16`, `fp16`, or `fp32` for leaving all as it is."""
        import torch

        if precision == "fp32":
            return nullcontext()
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        return torch.autocast(self.torch_device.type, dtype=dtype)

    def supports(self, precision: str) -> bool:
        """Whether `autocast` computes in this precision here: torch turns itself off, or refuses, where it cannot."""
        import torch

        if precision == "fp32":
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with self.autocast(precision):
                    return torch.is_autocast_enabled(self.torch_device.type)
            except (RuntimeError, TypeError):
                return False

    def obstacle_to_compiling(self) -> str:
        """What keeps torch.compile from making kernels for this device, and what to do; empty where nothing does."""
        program = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
        return "" if shutil.which(program) else f"there is no {program}; install a C++ compiler, or name one in CXX"

    def free(self) -> None:  # noqa: B027 - not every device keeps memory for later
        """Gives memory that no tensor needs any more back to the device."""

    def limit_memory(self, more: int) -> None:  # noqa: B027 - a device with memory of its own refuses by itself
        """Where the device's memory is that of the host, this process gets at most so many bytes more from now on.

        What asks for more then fails, as it would on a device with memory of its own, and the machine goes on.
        """

    def save(self, obj: Any, path: str | Path) -> None:
        """Writes `obj` so that `torch.load(path, weights_only=True)` opens it on a machine without this device.

        Tensors are copied to the host first; the file appears whole or not at all. Raises `OSError`.
        """
        import torch

        on_host = torch.utils._pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.detach().cpu(), obj)
        write_atomically(path, lambda stream: torch.save(on_host, stream))

    def load(self, path: str | Path) -> dict[str, Any]:
        """What `save` wrote, with its tensors on the host. Raises `CheckpointError`.

        Nothing in the file is run: what `weights_only` does not open is not opened at all.
        """
        import torch

        try:
            # torch does not look at the checksums that it has written.
            with zipfile.ZipFile(path) as archive:
                whole = archive.testzip() is None
            state = torch.load(path, map_location="cpu", weights_only=True) if whole else None
        except OSError as error:
            raise unusable(path, f"cannot be read ({error.strerror or error})") from error
        except Exception as error:  # a torn file can raise nearly everything
            raise unusable(path, "is torn, or no checkpoint") from error
        if not isinstance(state, dict):
            raise unusable(path, "is damaged, or no checkpoint of a trainer")
        return state


def moved(batch: Any, device: torch.device) -> Any:
    """The same with its tensors on this device; dictionaries and lists of tensors are, whatever else is in them."""
    import torch

    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {name: moved(part, device) for name, part in batch.items()}
    if isinstance(batch, list):
        return type(batch)(moved(part, device) for part in batch)
    return batch
