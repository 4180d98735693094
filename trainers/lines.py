"""Events as lines of text, in the form of the training logs that people already have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainers.contract import Eval, Event, GroupNorms, Saved, Step


def format_event(event: Event, groups: Sequence[str] = ()) -> list[str]:
    """The lines of one event. `groups` are the parameter groups of the `Built` event: their order numbers `pg0`, `pg1`.

    `Built` has no line of its own.
    """
    if isinstance(event, Step):
        return [_step(event), *_norms(event.norms, groups)]
    if isinstance(event, Eval):
        return [_result(event)]
    if isinstance(event, Saved):
        return [f"Saved {event.label}: {event.path}"]
    return []


def _step(event: Step) -> str:
    name = _phase(event.phase, valid="Valid", tune="Tune_Train")
    return ", ".join([f"{name} Step {event.step}", *_metrics(event.metrics), f"time: {event.time:.5f}"])


def _result(event: Eval) -> str:
    # The logs count epochs from 1, the events from 0.
    name = _phase(event.phase, valid="Validation", tune="Tune_Validation")
    start = f"[RESULT]: {name}. Epoch: {event.epoch + 1}"
    return ", ".join([start, *_metrics(event.metrics), f"time: {event.time:.5f}"])


def _phase(phase: str, valid: str, tune: str) -> str:
    """`tune`, `tune_train` and `tune_valid` are words of their own, so that nobody takes them for training."""
    if phase == "tune":
        return tune
    known = {"train": "Train", "valid": valid}
    return "_".join(known.get(part, part.capitalize()) for part in phase.split("_"))


def _metrics(metrics: Mapping[str, float]) -> list[str]:
    first = [name for name in ("loss", "lr") if name in metrics]
    order = first + [name for name in metrics if name not in first]
    return [f"{name}: {_number(name, metrics[name])}" for name in order]


def _number(name: str, value: float) -> str:
    """Learning rates are too small for five decimals."""
    is_rate = name == "lr" or name.endswith("_lr") or name.startswith("lr_")
    try:
        return f"{value:g}" if is_rate else f"{value:.5f}"
    except (TypeError, ValueError):  # no number at all, which is no reason to end a training
        return str(value)


def _norms(norms: Sequence[GroupNorms], groups: Sequence[str]) -> list[str]:
    lines = []
    for position, one in enumerate(norms):
        if groups and one.group not in groups:
            continue  # a row of a layer has no number, and the logs have no word for it
        index = groups.index(one.group) if groups else position
        lines.append(f"params info pg{index}: norm std({one.param_std:.6f}) mean({one.param_mean:.6f})")
        lines.append(f"grad info pg{index}: norm std({one.grad_std:.6f}) mean({one.grad_mean:.6f})")
    return lines
