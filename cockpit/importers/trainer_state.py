"""`trainer_state.json` of the Hugging Face Trainer: in a checkpoint, or in a folder of checkpoints, of which the newest
tells everything.

Epochs are fractions there: whole ones are the epoch, others stand beside the metrics as `epochs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from cockpit.events.kinds import Built, Saved
from cockpit.events.text import one_line
from cockpit.importers.contract import NO, SURE, About, Item, Recorded, Run, Source, Unread
from cockpit.importers.opened import DocumentError, beginning, document
from cockpit.importers.track import Row, Track
from cockpit.importers.values import Number, count, flattened, measured, shown
from cockpit.printed.names import split_phase

FILE = "trainer_state.json"
_SETTINGS = (
    "num_train_epochs", "train_batch_size", "max_steps", "eval_steps", "logging_steps", "save_steps", "trial_name",
    "trial_params",
)  # fmt: skip
_CALLED_SO_EVERYWHERE = ("output", "outputs", "results", "model", "checkpoints")


class TrainerState:
    """The importer."""

    name = "hf-trainer"
    summary = "trainer_state.json of the Hugging Face Trainer, or a folder with its checkpoints"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        if source.is_folder:
            return SURE if any(path.parent != source.path for path in _states(source.path)) else NO
        text = beginning(source).lstrip()
        known = text.startswith("{") and '"global_step"' in text and '"log_history"' in text
        return SURE if known else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its one run. Raises `OSError`."""
        states = list(_states(source.path)) if source.is_folder else [source.path]
        newest: dict[str, Any] = {}
        for path in states:
            try:
                state = document(path)
            except DocumentError as error:
                yield Unread(0, f"{path.name}: {one_line(str(error), 200)}")
                continue
            if isinstance(state, dict) and _step_of(state) >= _step_of(newest):
                newest = state
        if newest:
            yield from _told(newest, _label(source.path), source.metric)


def _states(folder: Path) -> Iterator[Path]:
    """The state of each checkpoint, and that of the whole folder last."""
    return (path for path in chain(sorted(folder.glob(f"checkpoint-*/{FILE}")), [folder / FILE]) if path.is_file())


def _step_of(state: Mapping[str, Any]) -> float:
    return measured(state.get("global_step")) or 0 if state else -1


def _label(path: Path) -> str:
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    if folder.name.startswith("checkpoint-") or folder.name in _CALLED_SO_EVERYWHERE:
        folder = folder.parent if folder.parent.name else folder
    return one_line(folder.name)


def _told(state: Mapping[str, Any], label: str, metric: str) -> Iterator[Item]:
    history = state.get("log_history")
    entries = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    metric_of_best, goal = _ranked_by(state, entries)
    yield About(name=label, metric=metric_of_best, goal=goal)
    config = {name: state[name] for name in _SETTINGS if state.get(name) is not None}
    yield Run(key="run", label=label, config=config)
    steps = count(state.get("max_steps"))
    if steps:
        yield Recorded("run", Built(total_steps=steps))
    track = Track("run", metric)
    for position, entry in enumerate(history if isinstance(history, list) else [history], 1):
        if not isinstance(entry, dict):
            yield Unread(0, f"entry {position} of log_history: {shown(entry)}")
            continue
        numbers, others = flattened(entry)
        yield from track.events(_row(numbers))
        for name, value in others.items():
            yield Unread(0, f"entry {position} of log_history, {name}: {shown(value)}")
    if isinstance(state.get("best_model_checkpoint"), str):
        best = count(state.get("best_global_step")) or 0
        yield Recorded("run", Saved(path=state["best_model_checkpoint"], step=best, label="best"))


def _row(numbers: dict[str, Number]) -> Row:
    step, epoch = numbers.pop("step", None), numbers.pop("epoch", None)
    return Row(values=numbers, step=step, epoch=epoch)


def _ranked_by(state: Mapping[str, Any], entries: list[dict[str, Any]]) -> tuple[str, str]:
    """What the Trainer chose its best checkpoint by: the metric that has just that value, at its end of the scale."""
    best = measured(state.get("best_metric"))
    names = dict.fromkeys(
        name for entry in entries for name, value in entry.items() if best is not None and value == best
    )
    for name in names:
        values = [value for entry in entries if (value := measured(entry.get(name))) is not None]
        phase, bare = split_phase(name)
        if phase == "valid" and best in (max(values), min(values)):
            goal = "maximize" if best == max(values) else "minimize"
            return bare, goal if len(set(values)) > 1 else ""
    return "", ""


IMPORTER = TrainerState()
