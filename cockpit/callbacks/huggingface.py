"""The callback for the Trainer of Hugging Face transformers.

    trainer = Trainer(…, callbacks=[CockpitCallback()])

Transformers has no way for another package to register itself: `report_to` takes names that it knows, so this one
argument, or `trainer.add_callback(CockpitCallback)`, is what it takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.library.guard import never_raises
from cockpit.library.marks import begin, saved
from cockpit.library.norms import norms
from cockpit.library.steps import VALID, evaluate, log

try:
    from transformers import TrainerCallback
except ImportError:
    raise ImportError("cockpit.callbacks.huggingface needs transformers: pip install 'transformers[torch]'") from None

_RUNTIME = "_runtime"
_SPEEDS = ("_runtime", "_per_second", "_model_preparation_time")


class CockpitCallback(TrainerCallback):
    """Records what the Trainer logs (every `logging_steps`), its evaluations, norm tables and checkpoints.

    The Trainer's `learning_rate` is called `lr`. An evaluation is of the phase `valid`, or of the name that a data set
    has where `eval_dataset` is a dictionary; its metrics lose the `eval_`. Norms are taken at the first step and at
    every multiple of `norms_every` (0: never), after clipping; `norms_of` is what `cockpit.norms` calls `of`.
    """

    def __init__(self, norms_every: int = 10, norms_of: str = "") -> None:
        self.norms_every = norms_every
        self.norms_of = norms_of
        self._best: str | None = None

    @never_raises
    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            begin(total_steps=state.max_steps, step=state.global_step)

    @never_raises
    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, optimizer: Any = None, **kwargs: Any) -> None:
        if state.is_world_process_zero and optimizer is not None:
            step, model = state.global_step + 1, kwargs.get("model")
            norms(optimizer, step=step, every=self.norms_every, model=model, of=self.norms_of)

    @never_raises
    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        # The summary at the end and evaluations are told by how long they took; the latter come to `on_evaluate` too.
        if not logs or not state.is_world_process_zero or any(name.endswith(_RUNTIME) for name in logs):
            return
        metrics = {name: value for name, value in logs.items() if name not in ("epoch", "total_flos")}
        if "learning_rate" in metrics:
            metrics["lr"] = metrics.pop("learning_rate")
        log(metrics, step=state.global_step, epoch=_epoch(state))

    @never_raises
    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        if not metrics or not state.is_world_process_zero:
            return
        prefix = _prefix(metrics)
        names = (name for name in metrics if name.startswith(f"{prefix}_") and not name.endswith(_SPEEDS))
        found = {name.removeprefix(f"{prefix}_"): metrics[name] for name in names}
        phase = VALID if prefix == "eval" else prefix.removeprefix("eval_")
        took = metrics.get(f"{prefix}{_RUNTIME}")
        evaluate(found, step=state.global_step, epoch=_epoch(state), phase=phase, time=took)

    @never_raises
    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        path = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if path.is_dir():
            saved(path, step=state.global_step, label="last")
        best = state.best_model_checkpoint
        if best and best != self._best:
            self._best = best
            saved(best, step=state.best_global_step, label="best")


def _prefix(metrics: Mapping[str, Any]) -> str:
    """`eval`, or what the caller of `evaluate` chose instead."""
    return next((name.removesuffix(_RUNTIME) for name in metrics if name.endswith(_RUNTIME)), "eval")


def _epoch(state: Any) -> int:
    """The epoch that is under way, from 0 on; the Trainer counts fractions, and 1.0 is the end of the first."""
    return max(0, math.ceil(state.epoch or 0.0) - 1)
