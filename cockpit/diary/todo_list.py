"""The items marked TODO of a logs folder: in the diary's own words, and in the notes of runs that were imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cockpit.diary import book
from cockpit.diary.outline import Section, sections
from cockpit.diary.todos import Place, Todo, Tried, Words, followed_up, todos_in, without_todos
from cockpit.store.folder import FolderError, RunFolder, experiment_number, experiments
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow

_AFTER_ALL_TRIALS = 10**9
_CHANGE = "**change** "


def todos(logs: Path) -> list[Todo]:
    """All items in the order of their experiments, each with what may have followed it up.

    Experiments whose record cannot be read have none.
    """
    parts = sections(book.read(logs))
    written = {part.experiment: part for part in parts if part.experiment}
    words = list(_of_diary(parts))
    tried: list[Tried] = []
    for run in experiments(logs):
        try:
            with Index(run) as index:
                sweep, trials = index.sweep(), index.trials(best_metrics=False)
        except FolderError:
            continue
        words += _of_record(run, sweep, trials)
        tried += _tried(run, sweep, trials, written.get(run.id))
    found = [todo for one in sorted(words, key=lambda one: one.place) for todo in todos_in(one)]
    return followed_up(found, tried)


def _of_diary(parts: list[Section]) -> Iterator[Words]:
    """The user's words, in order. Those outside of entries stand after the entries before them."""
    place = Place()
    for part in parts:
        if part.experiment:
            place = Place(experiment_number(part.experiment), _AFTER_ALL_TRIALS)
        yield Words(part.notes, part.experiment, part.date, place)


def _of_record(run: RunFolder, sweep: SweepRow, trials: list[TrialRow]) -> Iterator[Words]:
    """What the authors of imported notes wrote."""
    number = experiment_number(run.name)
    yield Words(_text(sweep.extra.get("note")), run.id, _date(sweep.started), Place(number))
    for order, trial in enumerate(trials):
        name, label = f"{run.id}/{trial.id}", _text(trial.extra.get("label"))
        yield Words(_text(trial.extra.get("note")), name, _date(trial.started), Place(number, order), label)


def _tried(run: RunFolder, sweep: SweepRow, trials: list[TrialRow], entry: Section | None) -> Iterator[Tried]:
    number = experiment_number(run.name)
    said = [("question", sweep.question), ("varied", " ".join(sweep.varied))]
    if entry is not None:
        lines = [line for line in entry.generated.split("\n") if line.startswith(_CHANGE)]
        said += [("change", " ".join(lines).removeprefix(_CHANGE)), ("notes", without_todos(entry.notes))]
    yield Tried(run.id, Place(number), tuple(said))
    for order, trial in enumerate(trials):
        label, change = _text(trial.extra.get("label")), _text(trial.extra.get("change"))
        note = without_todos(_text(trial.extra.get("note")))
        if label or change or note:
            name = f"{run.id}/{trial.id}" + (f" ({label})" if label else "")
            yield Tried(name, Place(number, order), (("change", change), ("note", note)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _date(at: float | None) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).date().isoformat() if at else ""
    except (ValueError, OverflowError, OSError):
        return ""
