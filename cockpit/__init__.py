"""Launch, watch, steer and record training sweeps from a terminal.

In a training script of one's own:

    import cockpit

    for step, batch in enumerate(batches, start=1):
        loss = model(batch)
        loss.backward()
        cockpit.norms(optimizer)                   # every 10 steps: norms of parameters and gradients
        optimizer.step()
        cockpit.log(step=step, loss=loss, lr=lr)   # one step
    cockpit.evaluate(score=score)                  # one evaluation: rankings and early stops look at these

Nothing is imported before the first of these is used, outside a run all of them do nothing, and none ever raises.
`cockpit.callbacks` has the same for the Hugging Face Trainer, Lightning and Keras.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for type checkers this is true; importing `typing` for it would be all that this file costs
if TYPE_CHECKING:
    from typing import Any

    from cockpit.library.environment import config
    from cockpit.library.marks import begin, note, saved
    from cockpit.library.norms import norms
    from cockpit.library.steps import evaluate, log

__all__ = ["begin", "config", "evaluate", "log", "norms", "note", "saved"]

_HOMES = {
    "begin": "marks",
    "config": "environment",
    "evaluate": "steps",
    "log": "steps",
    "norms": "norms",
    "note": "marks",
    "saved": "marks",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"cockpit.library.{home}"), name)
    globals()[name] = found  # the next look-up does not come here
    return found
