"""Norms of groups of torch tensors around one step of an optimizer, brought to the host in one copy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cockpit.events.kinds import Norms

# Elements of one tensor that the update ratio is measured on.
SAMPLE = 1024


class Measurement:
    """Norms of the parameters of `groups`, by name, as they are now; then of gradients and updates, if asked for.

    Each norm is the L2 norm of one tensor; a group reports mean, population standard deviation and maximum over its
    tensors. A gradient counts as not finite when its norm is NaN or infinite; a group without any gradient reports
    zeros. The update ratio ‖Δp‖ / ‖p‖ is exact for tensors of up to `SAMPLE` elements and an estimate above. Nothing
    waits for the device before `rows`.
    """

    @torch.no_grad()
    def __init__(self, groups: Mapping[str, Sequence[Tensor]]) -> None:
        floating = {name: [each for each in group if _is_measured(each)] for name, group in groups.items()}
        self._groups = {name: _Group(group) for name, group in floating.items() if group}

    @torch.no_grad()
    def gradients(self) -> None:
        """Call it between `backward` and `zero_grad`."""
        for group in self._groups.values():
            group.gradients()

    @torch.no_grad()
    def updates(self) -> None:
        """Call it when the optimizer has taken its step."""
        for group in self._groups.values():
            group.update()

    def rows(self, step: int) -> list[Norms]:
        """One event for each group. What was not measured is NaN."""
        tensors = [tensor for group in self._groups.values() for tensor in group.columns.values()]
        if not tensors:
            return []
        # Device sync: the only one.
        floats = iter(torch.stack([tensor.to(tensors[0].device) for tensor in tensors]).tolist())
        events = []
        for name, group in self._groups.items():
            found = {column: next(floats) for column in group.columns}
            events.append(Norms(step=step, group=name, nonfinite=int(found.pop("nonfinite", 0)), **found))
        return events


class _Group:
    def __init__(self, parameters: list[Tensor]) -> None:
        self._parameters = parameters
        self.columns: dict[str, Tensor] = {}
        norms = _norms([_plain(parameter) for parameter in parameters])
        self.columns["param_mean"], self.columns["param_std"] = norms.mean(), norms.std(correction=0)
        self._before = _sampled(parameters)

    def gradients(self) -> None:
        found = [_plain(parameter.grad) for parameter in self._parameters if parameter.grad is not None]
        norms = _norms(found) if found else self.columns["param_mean"].new_zeros(1)
        self.columns["grad_mean"], self.columns["grad_std"] = norms.mean(), norms.std(correction=0)
        self.columns["grad_max"] = norms.max()
        self.columns["nonfinite"] = norms.isfinite().logical_not().sum(dtype=torch.float32)

    def update(self) -> None:
        after = _sampled(self._parameters)
        change, size = (self._weighted(each) for each in (after - self._before, self._before))
        self.columns["update_ratio"] = change / size.clamp_min(1e-12)

    def _weighted(self, sample: Tensor) -> Tensor:
        """The norm of all elements together, where those of a sampled tensor stand for all of it."""
        plain = [_plain(parameter) for parameter in self._parameters]
        counts = [_sample_size(each) for each in plain]
        weights = [math.sqrt(each.numel() / max(1, count)) for each, count in zip(plain, counts, strict=True)]
        norms = torch._foreach_mul(torch._foreach_norm(list(torch.split_with_sizes(sample, counts)), 2), weights)
        whole: Tensor = torch.linalg.vector_norm(torch.stack(list(norms)))
        return whole


def _is_measured(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _plain(tensor: Tensor) -> Tensor:
    """A dense, real tensor of this process with the same norm."""
    tensor = tensor.detach()
    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _norms(tensors: list[Tensor]) -> Tensor:
    """The norm of each, on the device of the first. In half precision a norm would overflow long before an element."""
    wide = any(tensor.dtype == torch.float64 for tensor in tensors)
    norms = torch._foreach_norm(tensors, 2, dtype=torch.float64 if wide else torch.float32)
    device = norms[0].device
    return torch.stack([norm.to(device) for norm in norms]).float()


def _sampled(parameters: list[Tensor]) -> Tensor:
    """A copy of the sampled elements of all, one after the other."""
    plain = [_plain(parameter) for parameter in parameters]
    device = plain[0].device
    return torch.cat([each.reshape(-1)[:: _stride(each)].to(device, torch.float32) for each in plain])


def _sample_size(tensor: Tensor) -> int:
    return math.ceil(tensor.numel() / _stride(tensor))


def _stride(tensor: Tensor) -> int:
    """A step through the flattened tensor that shares no factor with its row length, so that it visits every column."""
    stride = math.ceil(tensor.numel() / SAMPLE)
    row = tensor.shape[-1] if tensor.dim() else 1
    while stride > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return max(1, stride)
