"""Evaluates a trained model once more, in ways that must not matter: `python -m trainers.recheck < request > answer`.

The request and the answer are JSON. A request has `trainer`, its `config`, a `checkpoint` of it, a `device`, `threads`,
and how many rows are to come `alone`. The answer tells what was found and judges nothing:

- `looks`, by name (`recorded`, `shuffled`, `alone`, `withheld`): `metrics`, and how the outputs for single rows compare
  with those of the first look: of `rows`, so many `moved`, the most by `largest` times the size of a typical output.
  One that could not be done has an `error` instead.
- `recorded`: the metrics that the checkpoint was saved with, None where it is not from an evaluation; `metric` and
  `ranked`: the metric that decides and all that may; `step`; `data_changed`: whether the data are others by now.
- `groups`: how many `shared` groups and validation `rows` of them there are, or None where the trainer cannot tell.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from trainers import registry
from trainers.building import build_task
from trainers.child import Answer, answer
from trainers.contract import InputError
from trainers.devices.base import Device
from trainers.task import Task
from trainers.view import View, Witness

# A row has moved when its output differs by more than this part of a typical output's size. Float32 differs by up to
# about 1e-4 when sums are taken in another order, TensorFloat-32 and bfloat16 by about 2e-3; neighbours that matter
# move outputs by tenths.
MOVED = 1e-2


def recheck(request: Mapping[str, Any]) -> Answer:
    """What a request asks for. Raises `InputError` for what cannot be checked."""
    trainer = registry.find(request["trainer"])
    task, device = build_task(request)
    state = _load(task, request["checkpoint"], device)
    before = state["effective"].get("data"), task.effective.get("data")
    return {
        "device": device.describe(),
        "step": int(state["step"]),
        "metric": task.main_metric,
        "ranked": list(dict.fromkeys([task.main_metric, *trainer.metrics])),
        "recorded": dict(state["metrics"]) if state["evaluated"] == state["step"] else None,
        "data_changed": before[0] != before[1],
        "looks": looks(task, request["alone"]),
        "groups": _groups(task),
    }


def _load(task: Task, path: str, device: Device) -> Mapping[str, Any]:
    """Puts the weights of a checkpoint into the model, which is ready to be evaluated then."""
    state = device.load(path)
    try:
        task.model.load_state_dict(state["model"])
        task.memory.update(state["memory"])
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} does not fit the model that its configuration builds now ({reason})") from error
    task.model.eval()
    return state


def looks(task: Task, alone: int) -> dict[str, Answer]:
    """Evaluates a task's model, which is in evaluation mode, in all ways. Raises `InputError` where none is taken."""
    if "view" not in inspect.signature(task.evaluate).parameters:
        raise InputError("its evaluation takes no view, so order and batches of its rows cannot be changed")
    views = {
        "recorded": View(),
        "shuffled": View(shuffled=True),
        "alone": View(alone=alone),
        "withheld": View(withheld=task.labels),
    }
    first = Witness()
    return {name: _look(task, view, first) for name, view in views.items()}


def _look(task: Task, view: View, first: Witness) -> Answer:
    """One evaluation. That under the plain view fills `first`, with which others are compared."""
    witness = first if view.is_plain else Witness()
    try:
        metrics = task.evaluate(view=replace(view, witness=witness))  # type: ignore[call-arg]
    except Exception as error:
        if view.is_plain:
            raise
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:200]}
    found = {"metrics": dict(metrics), "batches": witness.batches, "withheld": sorted(witness.withheld)}
    return found | _moves(first.outputs, witness.outputs)


def _moves(before: list[Tensor], after: list[Tensor]) -> Answer:
    rows, moved, largest = 0, 0, 0.0
    if len(before) != len(after):
        return {"error": f"{len(before)} sets of outputs became {len(after)}"}
    for one, other in zip(before, after, strict=True):
        scale = one.nan_to_num().square().sum(1).mean().sqrt().clamp_min(1e-12)
        far = (one - other).nan_to_num().square().sum(1).sqrt() / scale
        rows, moved = rows + len(far), moved + int((far > MOVED).sum())
        largest = max([largest, *far.max(0, keepdim=True).values.tolist()])
    return {"rows": rows, "moved": moved, "largest": largest}


def _groups(task: Task) -> Answer | None:
    if task.split_groups is None:
        return None
    split = task.split_groups()
    shared = set(split.train) & set(split.valid)
    return {
        "noun": split.noun,
        "apart": split.apart,
        "shared": len(shared),
        "of": len(set(split.valid)),
        "rows": sum(group in shared for group in split.valid),
        "examples": [str(group)[:60] for group in sorted(shared, key=str)[:3]],
    }


if __name__ == "__main__":
    sys.exit(answer("recheck", recheck))
