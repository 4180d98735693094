"""TPUs through torch_xla.

Operations are only recorded until `torch_xla.sync()` compiles and runs them. So every step has to end with
`step_end`, values are read after it and never inside a step, and tensor shapes stay the same from step to step: a
read in the middle cuts the graph, and a new shape compiles a new one. Numbers, be they Python's or tensors without
dimensions, are handed to the graph as data, so one that changes compiles nothing, unless it becomes 0, 1 or equal to
another one. So learning rates are sent to the device as vectors.

With several chips, one process computes with all of them (SPMD): batches are dealt out by rows, weights are on every
chip, and the compiler adds what the chips tell each other. So a mean over the batch is one over all chips, and losses,
batch norms and predictions are those of a single chip with the whole batch. Where tensors lie is part of a graph, too.

Numbers are those of torch on the processor but for rounding. Adam makes much of that where a gradient is nothing else,
as that of a bias in front of a batch norm: no loss shows it, but the norm's running mean, and so evaluations.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from trainers.contract import InputError
from trainers.devices.base import Device, Fetched
from trainers.devices.team import place

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_BITS = 2**64
_ROWS = "rows"  # the name of the axis along which chips stand side by side


class XlaDevice(Device):
    """All TPU chips that this process sees.

    torch_xla is imported when the device is made: after a backward pass on the CPU in the same process its import
    leaves autograd unusable. Raises `ImportError` when torch_xla is missing or does not fit the installed torch.
    """

    kind = "xla"
    # Tensor after tensor, which the compiler puts together; steps are counted and rates kept on the device: `settle`.
    optimizer_implementation: ClassVar[Mapping[str, bool]] = {"foreach": False, "capturable": True}
    lazy = True

    def __init__(self) -> None:
        import torch_xla
        import torch_xla.core.xla_model as xla_model
        from torch_xla import runtime
        from torch_xla.debug import metrics

        self._xla = torch_xla
        self._model = xla_model
        self._metrics = metrics
        self._runtime = runtime
        self.chips = int(runtime.global_runtime_device_count())
        self._mesh: Any = _mesh(self.chips) if self.chips > 1 else None

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
        # 64 bits without a sign, of which torch keeps the upper half as negative numbers.
        return super().rng_state() | {"xla": torch.tensor(state - _BITS if state >= _BITS // 2 else state)}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        super().set_rng_state(state)
        if "xla" in state:
            self._model.set_rng_state(int(state["xla"]) % _BITS, device=str(self.torch_device))

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

    def put(self, tensor: Tensor) -> Tensor:
        moved = super().put(tensor)
        if tensor.dim() and self.sharing(len(tensor)) > 1:
            self._spread(moved, _ROWS)
        return moved

    def sharing(self, rows: int) -> int:
        return self.chips if rows % self.chips == 0 else 1

    def whole(self, tensor: Tensor) -> Tensor:
        if self._mesh is not None:
            # What is left in shards would be put together by a program of its own, compiled at each read.
            self._spread(tensor, None)
        return tensor

    def pack(self, values: Sequence[Tensor]) -> Tensor:
        return self.whole(super().pack(values))

    def fetch(self, packs: Sequence[Tensor]) -> Fetched:
        return _OneTransfer(self, packs)

    def on_host(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        # One transfer. Putting them together on the device would compile a graph for every number of them.
        found: list[Tensor] = self._xla._XLAC._xla_get_cpu_tensors(list(tensors))
        return found

    def adopt(self, model: nn.Module) -> None:
        from trainers.devices.batch_norms import centre, move

        numbers = {name: tensor.detach().cpu() for name, tensor in _named(model) if not tensor.dim()}
        move(model, self.torch_device)
        centre(model)
        here = {name: tensor for name, tensor in _named(model) if tensor.device == self.torch_device}
        for name in numbers.keys() & here:
            here[name].data = self._send(numbers[name])
        for tensor in here.values():
            self.whole(tensor)

    def release(self, model: nn.Module) -> None:
        if self._mesh is not None:
            from torch_xla.distributed import spmd

            # Copied into a tensor that is said to lie somewhere, values would be laid there by the graph of a step.
            for tensor in (*model.parameters(), *model.buffers()):
                if tensor.device == self.torch_device:
                    spmd.clear_sharding(tensor)

    def settle(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        import torch

        from trainers.devices.optimizer_state import make_state, tensors_of

        # Adam takes 0.999 ** step from 1, which leaves five digits in single precision. Torch does that on the host, in
        # double precision; so does the processor here, while for chips that is slow or not to be had.
        numbers = torch.float64 if self._runtime.device_type() == "CPU" else torch.float32
        make_state(optimizer, self._send, numbers)
        for tensor in (*model.parameters(), *model.buffers(), *tensors_of(optimizer)):
            if tensor.device == self.torch_device:
                if not tensor.dim():
                    tensor.data = self._send(tensor.cpu())
                # So it comes out of every step. To begin with one that lies nowhere in particular is another graph.
                self.whole(tensor)

    def _send(self, tensor: Tensor) -> Tensor:
        """A copy on the device; `to` would write 0 and 1 into the graph, and take equal numbers for the same one."""
        sent: list[Tensor] = self._model.send_cpu_data_to_device([tensor], self.torch_device)
        return sent[0]

    def counters(self) -> dict[str, float]:
        """Graphs compiled by this process so far, and the seconds that took."""
        compiled = self._metrics.metric_data("CompileTime")
        count, nanoseconds = compiled[:2] if compiled else (0, 0.0)
        return {"compiles": float(count), "compile_seconds": nanoseconds * 1e-9}

    def describe(self) -> str:
        count = f" ×{self.chips}" if self.chips > 1 else ""
        return f"{self.torch_device} {os.environ.get('PJRT_DEVICE', 'TPU')}{count}"

    def _spread(self, tensor: Tensor, rows: str | None) -> None:
        from torch_xla.distributed import spmd

        spmd.mark_sharding(tensor, self._mesh, (rows, *[None] * (tensor.dim() - 1)) if tensor.dim() else ())


def _named(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


class _OneTransfer(Fetched):
    """Vectors that are asked for together, once somebody wants to know: the transfer itself waits for the device."""

    def __init__(self, device: XlaDevice, packs: Sequence[Tensor]) -> None:
        self._device = device
        self._packs = packs

    def floats(self) -> list[list[float]]:
        return [vector.tolist() for vector in self._device.on_host(self._packs)]


def _mesh(chips: int) -> Any:
    """All chips in a row. Has to be there before the first tensor."""
    import numpy as np
    from torch_xla import runtime
    from torch_xla.distributed import spmd

    runtime.use_spmd()
    return spmd.Mesh(np.arange(chips), (chips,), (_ROWS,))
