"""Several processes that train one model together, through torch.distributed."""

from __future__ import annotations

import io
import os
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._C._distributed_c10d import TCPStore
from torch.distributed.rendezvous import rendezvous

from trainers.contract import Command, InputError, Save, Set
from trainers.devices.averaging import GradientMean
from trainers.devices.team import Place, Result, Team

# How long the processes wait for each other at the start; later one may be busy with an evaluation for hours.
MEETING = timedelta(minutes=5)
WORKING = timedelta(days=2)

_COMMANDS: dict[str, type[Command]] = {"Save": Save, "Set": Set}
_LEAVE = ["leave"]


class _LeaveError(Exception):
    """The first process was told to end."""


class Group(Team):
    """Keeps the processes in step. All of them call the same methods in the same order.

    What they tell each other besides tensors travels on the host (gloo) and is opened with `weights_only=True`.
    A process that is gone is an error in the others; with nccl possibly only after they were waiting for it.
    """

    def __init__(self, place: Place, backend: str) -> None:
        self.rank = place.rank
        self.size = place.size
        self._gradients: GradientMean | None = None
        try:
            dist.init_process_group(
                backend, store=_store(place), rank=place.rank, world_size=place.size, timeout=WORKING
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"process {place.rank} of {place.size} cannot meet the others at {place.host}:{place.port} ({reason}); "
                "see that MASTER_ADDR and MASTER_PORT are theirs too and the port is free"
            ) from error

    def same_start(self, model: nn.Module) -> None:
        _at_once([tensor.detach() for tensor in model.state_dict().values()], lambda flat: dist.broadcast(flat, 0))
        if self._gradients is not None:
            self._gradients.close()
        self._gradients = GradientMean(model)

    @contextmanager
    def alone(self) -> Iterator[None]:
        assert self._gradients is not None, "same_start comes first"
        self._gradients.pause(True)
        try:
            yield
        finally:
            self._gradients.pause(False)

    def average(self, model: nn.Module) -> None:
        assert self._gradients is not None, "same_start comes first"
        if not self._gradients.used:
            self._gradients.used = self._used(model)
        self._gradients.finish()
        _at_once(list(model.buffers()), lambda flat: dist.broadcast(flat, 0))

    def check_same(self, model: nn.Module) -> None:
        names = [name for name, _ in model.named_parameters()]
        # Device sync: one number for each parameter comes to the host.
        norms = torch.stack(torch._foreach_norm([param.detach() for param in model.parameters()])).float().cpu()
        first, *others = self.gather(norms)
        for rank, other in enumerate(others, start=1):
            apart = [names[place] for place in (~torch.isclose(other, first, equal_nan=True)).nonzero().flatten()]
            if apart:
                raise RuntimeError(
                    f"processes 0 and {rank} have come apart: {len(apart)} parameters differ, first of all {apart[0]}; "
                    "all processes have to use the same parameters after the first step"
                )

    def _used(self, model: nn.Module) -> frozenset[nn.Parameter]:
        """The parameters that have a gradient in any process."""
        params = list(model.parameters())
        mine = [place for place, param in enumerate(params) if param.grad is not None]
        return frozenset(params[place] for places in self.gather(mine) for place in places)

    def mean(self, values: list[float]) -> list[float]:
        on_host = torch.tensor(values, dtype=torch.float64)
        self._to_mean(on_host)
        means: list[float] = on_host.tolist()
        return means

    def once(self, work: Callable[[], Result]) -> Result:
        result: Result = self._share(work() if self.rank == 0 else None)
        return result

    def gather(self, value: Any) -> list[Any]:
        mine = _packed(value)
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(lengths, torch.tensor([len(mine)]))
        longest = max(int(length) for length in lengths)
        parts = [torch.empty(longest, dtype=torch.uint8) for _ in range(self.size)]
        dist.all_gather(parts, torch.cat([mine, mine.new_zeros(longest - len(mine))]))
        return [_unpacked(part[: int(length)]) for part, length in zip(parts, lengths, strict=True)]

    def agree(self, command: Command | None) -> Command | None:
        told = self._share(None if command is None else [type(command).__name__, *astuple(command)])
        if told is None:
            return None
        if told == _LEAVE:
            raise _LeaveError
        return _COMMANDS[told[0]](*told[1:])

    @contextmanager
    def together(self) -> Iterator[None]:
        try:
            yield
        except GeneratorExit:
            # A generator is closed at an event, and there the others wait to hear what follows.
            with suppress(RuntimeError):
                self._tell_to_leave()
            raise
        except _LeaveError:
            pass

    def close(self) -> None:
        if dist.is_initialized():
            dist.destroy_process_group()

    def _tell_to_leave(self) -> None:
        if self.rank == 0:
            self._share(_LEAVE)

    def _to_mean(self, flat: Tensor) -> None:
        dist.all_reduce(flat)
        flat.div_(self.size)

    def _share(self, value: Any) -> Any:
        """The first process's value. None, which is what is mostly said, travels as a length of 0."""
        packed = _packed(value) if self.rank == 0 and value is not None else torch.empty(0, dtype=torch.uint8)
        length = torch.tensor([len(packed)])
        dist.broadcast(length, 0)
        if not length:
            return None
        if self.rank:
            packed = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(packed, 0)
        return _unpacked(packed)


def _store(place: Place) -> Any:
    """Where the processes find each other. On loopback nothing listens on any other address."""
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        return next(rendezvous("env://", timeout=MEETING))[0]
    options: dict[str, Any] = {"timeout": MEETING, "multi_tenant": True}
    if place.host in ("127.0.0.1", "localhost"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
        if place.rank == 0:
            options["master_listen_fd"] = socket.create_server(("127.0.0.1", place.port)).detach()
    return TCPStore(place.host, place.port, place.size, place.rank == 0, **options)


@torch.no_grad()
def _at_once(tensors: Sequence[Tensor], work: Callable[[Tensor], object]) -> None:
    """One collective for all tensors of a type, in place."""
    kinds: dict[tuple[torch.dtype, torch.device], list[Tensor]] = defaultdict(list)
    for tensor in tensors:
        kinds[tensor.dtype, tensor.device].append(tensor)
    for alike in kinds.values():
        flat = torch.cat([tensor.reshape(-1) for tensor in alike])
        work(flat)
        for tensor, piece in zip(alike, torch.split(flat, [tensor.numel() for tensor in alike]), strict=True):
            tensor.copy_(piece.view_as(tensor))


def _packed(value: Any) -> Tensor:
    stream = io.BytesIO()
    torch.save(value, stream)
    return torch.frombuffer(stream.getbuffer(), dtype=torch.uint8)


def _unpacked(packed: Tensor) -> Any:
    return torch.load(io.BytesIO(packed.numpy().tobytes()), weights_only=True)
