"""Norms of parameters, gradients and updates per parameter group, cheap enough to leave on.

table.before()                      # after backward, before optimizer.step
optimizer.step()
tensors = table.after()             # still on the device
norms = table.unpack(device.read(tensors))
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from trainers.contract import GroupNorms

# Elements of one tensor that the update ratio is measured on.
SAMPLE = 1024
_COLUMNS = 7


class NormTable:
    """Measures the groups of one optimizer around one of its steps.

    Norms are exact: each is the L2 norm of one parameter or gradient tensor, and a group reports the mean, the
    population standard deviation and the maximum over its tensors. Parameters without a gradient count among the
    parameters and not among the gradients; a group without any gradient reports zeros. A gradient counts as not
    finite when its norm is NaN or infinite.

    The update ratio ‖Δp‖ / ‖p‖ is exact for tensors of up to `SAMPLE` elements and an estimate above: every k-th
    element stands for k, with k such that at most `SAMPLE` are taken and that all columns of a matrix take part.

    Nothing here waits for the device; `after` returns as many 0-d tensors for every group, in the order of groups.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, names: Sequence[str]) -> None:
        if len(names) != len(optimizer.param_groups):
            raise ValueError(f"{len(names)} names for {len(optimizer.param_groups)} parameter groups")
        self.names = tuple(names)
        self._optimizer = optimizer
        self._scales: dict[int, Tensor] = {}
        self._measured: list[tuple[int, list[Tensor], Tensor]] = []

    def before(self, groups: Sequence[int] | None = None) -> None:
        """Measures parameters and gradients of these groups (all by default). Call it before `optimizer.step`."""
        self._measured = []
        for index in range(len(self.names)) if groups is None else groups:
            params = self._params(index)
            grads = [param.grad for param in params if param.grad is not None]
            self._measured.append((index, _statistics(params, grads), self._sampled(index)))

    def after(self) -> list[Tensor]:
        """Adds the update ratios and returns everything as 0-d tensors. Call it after `optimizer.step`."""
        tensors: list[Tensor] = []
        for index, statistics, sample in self._measured:
            change = torch.linalg.vector_norm(self._sampled(index) - sample)
            ratio = change / torch.linalg.vector_norm(sample).clamp_min(1e-12)
            tensors += [*statistics, ratio]
        return tensors

    def unpack(self, floats: Sequence[float]) -> tuple[GroupNorms, ...]:
        """The values of `after`, read from the device, as one record per group."""
        rows = [floats[start : start + _COLUMNS] for start in range(0, len(floats), _COLUMNS)]
        return tuple(
            GroupNorms(
                group=self.names[index],
                param_mean=row[0],
                param_std=row[1],
                grad_mean=row[2],
                grad_std=row[3],
                grad_max=row[4],
                nonfinite=int(row[5]),
                update_ratio=row[6],
            )
            for (index, _, _), row in zip(self._measured, rows, strict=True)
        )

    def _params(self, index: int) -> list[Tensor]:
        params: list[Tensor] = self._optimizer.param_groups[index]["params"]
        return params

    @torch.no_grad()
    def _sampled(self, index: int) -> Tensor:
        """A copy of the sampled elements of a group, each scaled so that norms come out as those of whole tensors."""
        params = self._params(index)
        pieces = [param.detach().reshape(-1)[:: _stride(param)].float() for param in params]
        if index not in self._scales:
            sizes = torch.tensor(
                [math.sqrt(param.numel() / max(1, len(piece))) for param, piece in zip(params, pieces, strict=True)]
            )
            counts = torch.tensor([len(piece) for piece in pieces])
            self._scales[index] = sizes.repeat_interleave(counts).to(pieces[0].device)
        return torch.cat(pieces) * self._scales[index]


def _stride(param: Tensor) -> int:
    """A step through the flattened tensor that shares no factor with its row length, so that it visits every column."""
    stride = math.ceil(param.numel() / SAMPLE)
    row = param.shape[-1] if param.dim() else 1
    while stride > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return max(1, stride)


@torch.no_grad()
def _statistics(params: list[Tensor], grads: list[Tensor]) -> list[Tensor]:
    param_norms = torch.stack(torch._foreach_norm([param.detach() for param in params], 2)).float()
    if grads:
        grad_norms = torch.stack(torch._foreach_norm(grads, 2)).float()
    else:
        grad_norms = torch.zeros(1, device=param_norms.device)
    nonfinite = grad_norms.isfinite().logical_not().sum().float()
    return [*_mean_and_std(param_norms), *_mean_and_std(grad_norms), grad_norms.max(), nonfinite]


def _mean_and_std(norms: Tensor) -> tuple[Tensor, Tensor]:
    return norms.mean(), norms.std(correction=0)
