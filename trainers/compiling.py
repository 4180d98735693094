"""torch.compile, as an option of the training."""

from __future__ import annotations

from typing import Any

from torch import nn

from trainers.contract import InputError
from trainers.devices import compiler
from trainers.devices.base import Device


def compile_in_place(network: nn.Module, device: Device) -> None:
    """Calls of the network are compiled from now on; it stays the same object, and so do the names of its weights.

    Sizes are constants until a second one is seen, such as that of an evaluation's last batch. Raises `InputError`
    where nothing can be compiled.
    """
    obstacle = device.obstacle_to_compiling()
    if obstacle:
        raise InputError(f"compile = true does not work on {device.describe()}: {obstacle}")
    compiler.load()
    network.compile()


def is_compiled(network: nn.Module) -> bool:
    """Whether calls of it are compiled."""
    return getattr(network, "_compiled_call_impl", None) is not None


def counters() -> dict[str, float]:
    """`compiles`, the graphs that were compiled in this process so far."""
    from torch._dynamo.utils import counters as found

    graphs: Any = found["stats"]["unique_graphs"]
    return {"compiles": float(graphs)}
