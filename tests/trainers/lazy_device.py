"""A device that computes on the processor and behaves, to whoever asks too early, like one that only records.

Its tensors say that they are on torch's device type `lazy`. Within a training step nothing of theirs may come to the
host: no `.item()`, no branch on a value, no printing, no operation whose shape depends on values. Between steps such
reads are counted. Tensors of the host cannot be mixed with its own, as on any device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten

from trainers.devices.base import Device, Fetched

aten = torch.ops.aten
LAZY = torch.device("lazy")
HOST = torch.device("cpu")
# What takes tensors of both sides: copies, and indices, which are copied silently.
_CROSSING = (aten._to_copy, aten.copy_, aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_)


class EarlyReadError(AssertionError):
    """A training step needed a value that is not computed yet."""


class LazyTensor(Tensor):
    """Holds its values in `host`, an ordinary tensor."""

    host: Tensor
    owner: LazyDevice
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, host: Tensor, owner: LazyDevice) -> LazyTensor:
        like = {"strides": host.stride(), "storage_offset": host.storage_offset(), "dtype": host.dtype, "device": LAZY}
        with torch.inference_mode(False):  # else it could be no view of a tensor that was made before
            made: LazyTensor = torch.Tensor._make_wrapper_subclass(cls, host.size(), **like)
        made.host, made.owner = host, owner
        return made

    def __init__(self, host: Tensor, owner: LazyDevice) -> None:
        """All is done by `__new__`."""

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        owner = next(leaf.owner for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, LazyTensor))
        return owner.compute(func, args, kwargs or {})

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, *, force: bool = False) -> Any:
        raise TypeError("a tensor of a device has no array; bring it to the host first")

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        self.owner.read_by("print")
        return repr(self.host)


class _Intercept(TorchDispatchMode):
    """Sees what makes tensors on the device from nothing or from those of the host."""

    def __init__(self, owner: LazyDevice) -> None:
        super().__init__()
        self._owner = owner

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self._owner.compute(func, args, kwargs or {})


class LazyDevice(Device):
    """Is there within `with LazyDevice() as device:`; what counts is counted from `watch` on.

    `graphs` has one entry for each step: its operations with the shapes that they made, and the values of those tensors
    of the host that have no dimensions, since XLA writes some into its graphs and makes one of equal ones. `flushes`
    are copies to the host in training, `evaluation_reads` those without gradients, `fetches` the copies that were asked
    for by `fetch`.
    """

    kind = "lazy"
    lazy = True

    def __init__(self, flush_seconds: float = 0.0) -> None:
        self.flush_seconds = flush_seconds  # type: ignore[misc]
        self.answers_at_once = flush_seconds == 0  # type: ignore[misc]
        self._is_watched = self._is_between_steps = self._in_step = False
        self._graph: list[tuple[str, tuple[int, ...]]] = []
        self.graphs: list[tuple[tuple[str, tuple[int, ...]], ...]] = []
        self.flushes = self.evaluation_reads = self.fetches = 0
        self._mode = _Intercept(self)

    def __enter__(self) -> LazyDevice:
        # Otherwise `torch.tensor(…, device=…)` would look for a device of that type itself.
        torch._C._set_only_lift_cpu_tensors(True)
        self._mode.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._mode.__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(False)

    def watch(self) -> None:
        """Setting up is over: from here on reads count."""
        self._is_watched, self._in_step = True, False
        self._graph = []

    @property
    def torch_device(self) -> torch.device:
        return LAZY

    def describe(self) -> str:
        return "lazy"

    def autocast(self, precision: str) -> AbstractContextManager[object]:
        return nullcontext()  # torch knows none for this type

    def step_end(self) -> None:
        if self._in_step and self._is_watched:
            self.graphs.append(tuple(self._graph))
        self._in_step, self._graph = False, []

    def fetch(self, packs: Sequence[Tensor]) -> Fetched:
        if self._in_step and self._is_watched:
            raise EarlyReadError("fetch before step_end")
        self.fetches += self._is_watched
        with self._between_steps():
            return super().fetch(packs)

    def save(self, obj: Any, path: str | Path) -> None:
        counted = self.flushes, self.evaluation_reads
        with self._between_steps():
            super().save(obj, path)
        self.flushes, self.evaluation_reads = counted

    @contextmanager
    def _between_steps(self) -> Iterator[None]:
        before, self._is_between_steps = self._is_between_steps, True
        try:
            yield
        finally:
            self._is_between_steps = before

    def read_by(self, what: str) -> None:
        """Something came to the host. Raises `EarlyReadError` within a step."""
        if not self._is_watched:
            return
        if self._in_step:
            raise EarlyReadError(f"{what} within a training step")
        self._graph = []
        if torch.is_grad_enabled():
            self.flushes += 1
        else:
            self.evaluation_reads += 1

    def compute(self, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """One operation, on the processor."""
        leaves, structure = tree_flatten((args, dict(kwargs)))
        target = kwargs.get("device")
        is_ours = any(isinstance(leaf, LazyTensor) for leaf in leaves)
        if not is_ours and (target is None or torch.device(target).type != LAZY.type):
            return func(*args, **kwargs)
        stays = target is None or torch.device(target).type == LAZY.type
        if is_ours:
            # Without gradients operations come here that are made of others: it is those that are looked at.
            with _Intercept(self):
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
            self._look_at(func, args, kwargs, leaves, stays)
        on_host = [_on_host(leaf) for leaf in leaves]
        host_args, host_kwargs = tree_unflatten(on_host, structure)
        if func is aten._fused_sdp_choice.default:
            return 0  # plain mathematics: the fused ones have other names on every device
        made = func(*host_args, **host_kwargs)
        if not stays or (func.overloadpacket is aten.copy_ and not isinstance(args[0], LazyTensor)):
            return args[0] if func.overloadpacket is aten.copy_ else made
        numbers = [leaf for leaf in leaves if isinstance(leaf, Tensor) and not isinstance(leaf, LazyTensor)]
        known = {id(host): leaf for host, leaf in zip(on_host, leaves, strict=True) if isinstance(leaf, LazyTensor)}
        self._record(func, made, [number.item() for number in numbers if not number.dim()])
        return tree_map_only(
            Tensor, lambda host: known[id(host)] if id(host) in known else LazyTensor(host, self), made
        )

    def _look_at(self, func: Any, args: Any, kwargs: Mapping[str, Any], leaves: Sequence[Any], stays: bool) -> None:
        packet = func.overloadpacket
        ends_on_host = packet is aten.copy_ and not isinstance(args[0], LazyTensor)
        if not stays or ends_on_host or _depends_on_values(func, args, kwargs):
            self.read_by(str(packet))
        strangers = [leaf for leaf in leaves if isinstance(leaf, Tensor) and not isinstance(leaf, LazyTensor)]
        if packet not in _CROSSING and any(stranger.dim() for stranger in strangers):
            raise RuntimeError(f"{packet} got tensors on the host and on the device")

    def _record(self, func: Any, made: Any, numbers: Sequence[float]) -> None:
        if self._is_between_steps or func.is_view:
            return
        self._in_step = self._in_step or torch.is_grad_enabled()
        shapes = tuple(size for leaf in tree_flatten(made)[0] if isinstance(leaf, Tensor) for size in (*leaf.shape, -1))
        self._graph.append((" ".join([str(func), *map(str, numbers)]), shapes))


def _known_or_new(host: Tensor, known: Mapping[int, LazyTensor], owner: LazyDevice) -> LazyTensor:
    return known[id(host)] if id(host) in known else LazyTensor(host, owner)


def _on_host(leaf: Any) -> Any:
    if isinstance(leaf, LazyTensor):
        return leaf.host
    return HOST if isinstance(leaf, torch.device) and leaf.type == LAZY.type else leaf


def _depends_on_values(func: Any, args: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether the host must know values in order to go on: a number, or the shape of what comes out."""
    packet = func.overloadpacket
    if packet in (aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_):
        return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
    if packet is aten.repeat_interleave and kwargs.get("output_size") is not None:
        return False
    return torch.Tag.data_dependent_output in func.tags or torch.Tag.dynamic_output_shape in func.tags
