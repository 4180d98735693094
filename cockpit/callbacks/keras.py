"""The callback for Keras 3.

    model.fit(…, callbacks=[CockpitCallback()])

Keras hands no gradients to callbacks. With the torch backend they still stand at the variables when a batch is over,
so the norm table is complete; with other backends it has the norms of the parameters only. Keras tells nobody when it
has written a checkpoint: say `cockpit.saved(path)` where that matters.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cockpit.events.kinds import Norms
from cockpit.library.guard import never_raises
from cockpit.library.marks import begin
from cockpit.library.recorder import current
from cockpit.library.steps import evaluate, log

try:
    import keras
except ImportError:
    raise ImportError("cockpit.callbacks.keras needs Keras 3: pip install keras") from None

if TYPE_CHECKING:
    from cockpit.library.group_norms import Table

GROUP = "pg0"


class CockpitCallback(keras.callbacks.Callback):
    """Records a step every `log_every` batches, every evaluation, and norms at the first step and every `norms_every`.

    Keras reports the loss and the metrics of a step as means since the epoch began. Steps go on where the optimizer's
    own count stands. An evaluation, in `fit` or by `evaluate`, is of the phase `valid`.
    """

    def __init__(self, log_every: int = 1, norms_every: int = 10) -> None:
        super().__init__()
        self.log_every = log_every
        self.norms_every = norms_every
        self._step = 0
        self._epoch = 0
        self._began = 0.0
        self._first = True
        self._table: Table | None = None

    @never_raises
    def on_train_begin(self, logs: Any = None) -> None:
        self._step = int(self.model.optimizer.iterations)
        self._first = True
        epochs, steps = self.params.get("epochs") or 0, self.params.get("steps") or 0
        begin(total_steps=epochs * steps, step=self._step)

    @never_raises
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    @never_raises
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._norms_are_due(self._step + 1) and keras.backend.backend() == "torch":
            from cockpit.library.group_norms import Table

            self._table = Table({GROUP: [(each.path, each.value) for each in self.model.trainable_variables]})

    @never_raises
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._step += 1
        if self._norms_are_due(self._step):
            self._norms()
        if self.log_every > 0 and self._step % self.log_every == 0:
            rate = self.model.optimizer.learning_rate
            lr = {"lr": float(keras.ops.convert_to_numpy(rate))} if current() is not None else {}
            log({**(logs or {}), **lr}, step=self._step, epoch=self._epoch)

    @never_raises
    def on_test_begin(self, logs: Any = None) -> None:
        self._began = time.monotonic()

    @never_raises
    def on_test_end(self, logs: Any = None) -> None:
        evaluate(logs or {}, step=self._step, epoch=self._epoch, time=time.monotonic() - self._began)

    def _norms_are_due(self, step: int) -> bool:
        due = self.norms_every > 0 and (self._first or step % self.norms_every == 0)
        return due and current() is not None

    def _norms(self) -> None:
        self._first = False
        recorder = current()
        if recorder is None:
            return
        if self._table is None:
            recorder.write(parameter_norms(self.model.trainable_variables, self._step))
            return
        table, self._table = self._table, None
        table.gradients()
        table.updates()
        for event in table.events(self._step):
            recorder.write(event)


def parameter_norms(variables: Any, step: int) -> Norms:
    """The norms of the variables alone, with whatever backend."""
    norms = keras.ops.stack([keras.ops.norm(keras.ops.reshape(each, (-1,))) for each in variables])
    both = keras.ops.stack([keras.ops.mean(norms), keras.ops.std(norms)])
    mean, std = keras.ops.convert_to_numpy(both).tolist()
    return Norms(step=step, group=GROUP, param_mean=mean, param_std=std)
