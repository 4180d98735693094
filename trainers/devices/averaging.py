"""Gradients become their mean over several processes, while the backward pass that makes them still runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

# Bytes of gradients that travel together, as many as DistributedDataParallel takes.
BUCKET_BYTES = 25 * 2**20


class GradientMean:
    """Averages a model's gradients, bucket after bucket, from its last parameters to its first.

    A bucket travels as soon as its gradients are there and those before it are on their way, so the order is the same
    in all processes, and what is added to what does not depend on which gradient came first. Parameters are listened
    to and nothing is wrapped: a loss may use the model in any way, in parts, several times, or compiled.

    A parameter that this process did not use counts as one with a gradient of 0. The mean goes to those that have a
    gradient, and to those that are `used`.
    """

    def __init__(self, model: nn.Module, bucket_bytes: int = BUCKET_BYTES) -> None:
        self.used: frozenset[nn.Parameter] = frozenset()
        self._buckets = [_Bucket(params) for params in _dealt(model.parameters(), bucket_bytes)]
        self._started = 0
        self._paused = False
        self._hooks = [
            param.register_post_accumulate_grad_hook(self._hook(bucket))  # type: ignore[no-untyped-call]
            for bucket in self._buckets
            for param in bucket.params
        ]

    def pause(self, paused: bool) -> None:
        """Whether gradients only gather, because this step has more backward passes to come."""
        self._paused = paused

    def finish(self) -> None:
        """Waits for the mean of all gradients. All processes call it after the last backward pass of a step."""
        for bucket in self._buckets[self._started :]:
            bucket.start()
        self._started = 0
        for bucket in self._buckets:
            bucket.finish(self.used)

    def close(self) -> None:
        """Listens no more."""
        for hook in self._hooks:
            hook.remove()

    def _hook(self, bucket: _Bucket) -> Callable[[nn.Parameter], None]:
        def heard(param: nn.Parameter) -> None:
            if not self._paused:
                bucket.hear(param)
                self._start_whole()

        return heard

    def _start_whole(self) -> None:
        while self._started < len(self._buckets) and not self._buckets[self._started].missing:
            self._buckets[self._started].start()
            self._started += 1


class _Bucket:
    """Parameters of one type and device whose gradients travel together."""

    def __init__(self, params: Sequence[nn.Parameter]) -> None:
        self.params = params
        self.missing = set(params)
        self._flat: Tensor | None = None
        self._work: dist.Work | None = None

    def hear(self, param: nn.Parameter) -> None:
        """The gradient of this parameter is there."""
        if self._work is not None:
            raise RuntimeError(
                f"a parameter of shape {tuple(param.shape)} got a gradient after its mean was on its way: a step of "
                "several processes takes one backward pass, or `team.alone()` around all but its last; "
                "checkpointed activations need use_reentrant=False"
            )
        self.missing.discard(param)

    @torch.no_grad()
    def start(self) -> None:
        """Sends the sum of all processes' gradients on its way."""
        grads = [torch.zeros_like(param) if param.grad is None else param.grad for param in self.params]
        self._flat = torch.cat([grad.reshape(-1) for grad in grads])
        self._work = dist.all_reduce(self._flat, async_op=True)

    @torch.no_grad()
    def finish(self, used: frozenset[nn.Parameter]) -> None:
        """Waits for the sum, and makes it the mean."""
        assert self._flat is not None and self._work is not None
        self._work.wait()
        self._flat.div_(dist.get_world_size())
        pieces = torch.split(self._flat, [param.numel() for param in self.params])
        for param, piece in zip(self.params, pieces, strict=True):
            if param.grad is not None:
                param.grad.copy_(piece.view_as(param))
            elif param in used:
                param.grad = piece.view_as(param).clone()
        self._flat, self._work = None, None
        self.missing = set(self.params)


def _dealt(params: Iterable[nn.Parameter], bucket_bytes: int) -> list[list[nn.Parameter]]:
    """Parameters from last to first, in pieces of one type and device that have about so many bytes."""
    kinds: dict[tuple[torch.dtype, torch.device], list[nn.Parameter]] = defaultdict(list)
    pieces: list[list[nn.Parameter]] = []
    for param in reversed([param for param in params if param.requires_grad]):
        piece = kinds[param.dtype, param.device]
        piece.append(param)
        if sum(one.numel() * one.element_size() for one in piece) >= bucket_bytes:
            pieces.append(kinds.pop((param.dtype, param.device)))
    return pieces + list(kinds.values())
