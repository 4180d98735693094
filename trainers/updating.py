"""From a batch to changed weights: losses, backward pass, averaging, norms, clipping, and the optimizer's step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from trainers import optimizers
from trainers.accumulation import MicroBatches
from trainers.devices.base import Device
from trainers.grad_norms import NormTable
from trainers.scaling import scaling
from trainers.task import Task

Losses = Mapping[str, Tensor]


class Updating:
    """Changes the weights of a task's model. Nothing here waits for the device but `state_dict`."""

    def __init__(self, task: Task, device: Device) -> None:
        self._task = task
        self._device = device
        self._scaling = scaling(task.precision, task.optimizer, device)
        self._autocast = device.autocast(task.precision)

    def gradients(self, batch: Any) -> Losses:
        """Losses of a step's batch, 0-d tensors on the device by name, and new gradients.

        Of several batches losses and gradients are the means. Of several processes the gradients are averaged once.
        """
        losses = self.backward(batch)
        self._device.team.average(self._task.model)
        return losses

    def backward(self, batch: Any) -> Losses:
        """Losses and new gradients of a batch, or their means over the batches of a step."""
        self._task.optimizer.zero_grad(set_to_none=True)
        if not isinstance(batch, MicroBatches):
            return self._backward(batch)
        with self._device.team.alone():
            each = [self._backward(one, len(batch)) for one in batch[:-1]]
        each.append(self._backward(batch[-1], len(batch)))
        return {name: torch.stack([losses[name].detach() for losses in each]).mean() for name in each[0]}

    def update(self, table: NormTable | None = None) -> Losses:
        """The optimizer's step with the gradients that are there, and what is to be told of it."""
        self._scaling.unscale()
        if table is not None:
            table.before(gradients_change=self._task.clip_norm > 0)
        norms = self._clip()
        self._scaling.step()
        return {**norms, **self._scaling.metrics()}

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint. Device sync, where there is a scale of losses."""
        return {"optimizer": self._task.optimizer.state_dict(), "scaling": self._scaling.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint, whatever device it is from."""
        optimizers.load_state(self._task.optimizer, state["optimizer"])
        self._scaling.load_state_dict(state.get("scaling", {}))

    def _backward(self, batch: Any, parts: int = 1) -> Losses:
        with self._autocast:
            losses = self._task.loss(batch)
        loss = losses["loss"] if parts == 1 else losses["loss"] / parts
        self._scaling.scaled(loss).backward()  # type: ignore[no-untyped-call]
        return losses

    def _clip(self) -> Losses:
        """Only after the table was begun: it shows gradients as they are, and so how often they are too large."""
        most = self._task.clip_norm
        if most <= 0:
            return {}
        norm = clip_grad_norm_(self._task.model.parameters(), most)
        return {"grad_norm": norm, "clipped_norm": norm * (most / (norm + 1e-6)).clamp_max(1.0)}
