"""The callback for Lightning, as `lightning` or as `pytorch_lightning`.

    trainer = Trainer(…, callbacks=[CockpitCallback()])

Where the cockpit is installed not even that is needed: Lightning finds it by its entry point and adds the callback to
every Trainer inside a run.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from cockpit.library.environment import events_file
from cockpit.library.guard import never_raises
from cockpit.library.marks import begin, saved
from cockpit.library.norms import norms
from cockpit.library.steps import evaluate, log


def _callback_class() -> Any:
    """The base class of the package that is in use; of the newer name where neither is loaded yet."""
    names = sorted(("lightning.pytorch", "pytorch_lightning"), key=lambda name: name not in sys.modules)
    for name in names:
        try:
            return import_module(name).Callback
        except ImportError:
            continue
    raise ImportError("cockpit.callbacks.lightning needs Lightning: pip install lightning")


class CockpitCallback(_callback_class()):  # type: ignore[misc]
    """Records steps, validations, norm tables and checkpoints.

    A step is recorded every `log_every` optimizer steps, by default as often as the Trainer logs: the loss that
    `training_step` returns, the learning rate, and what it gave to `self.log`. What is logged over a whole epoch comes
    with the epoch's last step. A validation is an evaluation of the phase `valid`; the sanity check is none. Norms are
    taken at the first step and at every multiple of `norms_every` (0: never), before the Trainer clips; `norms_of` is
    what `cockpit.norms` calls `of`.
    """

    def __init__(self, log_every: int | None = None, norms_every: int = 10, norms_of: str = "") -> None:
        super().__init__()
        self.log_every = log_every
        self.norms_every = norms_every
        self.norms_of = norms_of
        self._active = False
        self._logged = 0
        self._began = 0.0
        self._seen: dict[str, Any] = {}
        self._files: set[tuple[str, str, int]] = set()

    @never_raises
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        # Beside one that the user gave, the one of the entry point has nothing to do.
        first = next(each for each in trainer.callbacks if isinstance(each, CockpitCallback))
        self._active = trainer.is_global_zero and first is self

    @never_raises
    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if self._active:
            self._logged = trainer.global_step
            begin(total_steps=_total_steps(trainer), step=trainer.global_step)

    @never_raises
    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        if self._active:
            step = trainer.global_step + 1
            norms(optimizer, step=step, every=self.norms_every, model=pl_module, of=self.norms_of)

    @never_raises
    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        every = trainer.log_every_n_steps if self.log_every is None else self.log_every
        step = trainer.global_step
        # With accumulated gradients many a batch brings no step.
        if not self._active or every < 1 or step == self._logged or step % every:
            return
        self._logged = step
        found = self._fresh(trainer)
        metrics = {
            name: value for name, value in found.items() if name.removesuffix("_step") not in found.keys() - {name}
        }
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        own = {"loss": loss} if loss is not None else {}
        log({**own, **_learning_rate(trainer), **metrics}, step=step, epoch=trainer.current_epoch)

    @never_raises
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if self._active:
            self._epoch_metrics(trainer, trainer.current_epoch - 1)
            self._saved(trainer)

    @never_raises
    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if self._active:
            self._saved(trainer)  # checkpoints are written after all other callbacks of the batch before

    @never_raises
    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        if self._active:
            self._epoch_metrics(trainer, trainer.current_epoch - 1)

    @never_raises
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        self._began = time.monotonic()

    @never_raises
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        found = self._fresh(trainer)
        if self._active and found and not trainer.sanity_checking:
            took = time.monotonic() - self._began
            evaluate(found, step=trainer.global_step, epoch=trainer.current_epoch, time=took)

    @never_raises
    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        if self._active:
            self._saved(trainer)

    def _fresh(self, trainer: Any) -> dict[str, Any]:
        """What was logged since the last look. Lightning keeps old values beside new ones, in one dictionary."""
        before, self._seen = self._seen, dict(trainer.callback_metrics)
        return {name: value for name, value in self._seen.items() if not _is_same(value, before.get(name))}

    def _epoch_metrics(self, trainer: Any, epoch: int) -> None:
        found = self._fresh(trainer)
        # `loss` and `loss_epoch` are the same here, and `loss` is what the last step is recorded with.
        metrics = {name: value for name, value in found.items() if f"{name}_epoch" not in found}
        if metrics and trainer.global_step:
            log(metrics, step=trainer.global_step, epoch=max(0, epoch))

    def _saved(self, trainer: Any) -> None:
        for callback in trainer.checkpoint_callbacks:
            for label in ("best", "last"):
                path = Path(getattr(callback, f"{label}_model_path", "") or ".")
                if path == Path() or not path.exists():
                    continue
                file = (label, str(path), path.stat().st_mtime_ns)
                if file not in self._files:
                    self._files.add(file)
                    saved(path, step=trainer.global_step, label=label)


def _is_same(value: Any, before: Any) -> bool:
    """Whether both are one number in memory: Lightning hands out views, new ones at every look."""
    return before is not None and value.data_ptr() == before.data_ptr() != 0


def _total_steps(trainer: Any) -> int:
    planned = trainer.estimated_stepping_batches
    return int(planned) if 0 < planned < float("inf") else 0


def _learning_rate(trainer: Any) -> dict[str, float]:
    return {"lr": trainer.optimizers[0].param_groups[0]["lr"]} if trainer.optimizers else {}


def inside_a_run() -> list[CockpitCallback]:
    """The entry point: Lightning calls it for every Trainer."""
    return [CockpitCallback()] if events_file() else []
