"""Tables of text: a line of names, then lines of as many numbers (fastai, skorch, ultralytics, spaCy).

Most have one for each epoch. spaCy's have epoch and step, `E` and `#`, then losses of the training and scores of an
evaluation, and names of two words: only two blanks part them.
"""

from __future__ import annotations

import re

from cockpit.printed.names import LONGEST_NAME, split_phase, strength
from cockpit.printed.numbers import PLAIN, count
from cockpit.printed.reading import Reading, Values

_WORD = re.compile(r"[A-Za-z_#][\w()@/%.:+-]{0,60}")
_RULE = re.compile(r"[\s|+=:-]*-{3,}[\s|+=:-]*$")
_BARS = re.compile(r"[|│]")
_PROGRESS = re.compile(r":?\s+\d{1,3}%\|?.*$|:\s+\d{1,3}%.*$")
_CELL = re.compile(rf"({PLAIN}|[-+]?nan|[-+]?inf)([A-Za-z%]{{0,2}})$", re.IGNORECASE)
_OF = re.compile(r"(\d{1,9})/(\d{1,9})$")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:\.\d+)?)$")
_COUNTERS = {"epoch": "epoch", "epochs": "epoch", "ep": "epoch", "step": "step", "iter": "step", "iteration": "step"}
_TIMES = frozenset(("time", "dur", "elapsed"))
_SPACY = re.compile(r"E {2,}# {2,}(?:LOSS \S{1,60} {2,}){0,20}(?:\S{1,60} {2,}){0,20}SCORE$")
_SPACY_LOSS = "LOSS "
_PLACES = frozenset(("#", "class", "images", "instances", "labels", "targets", "size", "img_size", "gpu_mem"))
_SHORT = {"box(p": "precision", "p": "precision", "r": "recall", "map50-95)": "map50-95"}
_EMPTY = ("-", "--", "#na#", "none", "n/a", "")
_FEWEST, _MOST = 3, 40


class Tables:
    """Knows the columns of the table that is being printed."""

    def __init__(self) -> None:
        self._columns: list[str] = []
        self._epoch = -1
        self._fresh = False
        self._of_classes = False
        self._total: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether lines of numbers are expected."""
        return bool(self._columns)

    def read(self, text: str) -> Reading | None:
        """A line of names, a line below it, or neither."""
        if text.startswith("E ") and _SPACY.match(text):
            return self._begin(_of_spacy(re.split(" {2,}", text)))
        cells = self._cells(text)
        if not _FEWEST <= len(cells) <= _MOST:
            return None
        if self._columns:
            if _RULE.match(text):
                return Reading(form="table_rule")
            row = self._row(cells)
            if row is not None:
                return row
        return self._header(cells)

    def _cells(self, text: str) -> list[str]:
        if "%" in text:
            text = _PROGRESS.sub("", text)
        return _BARS.sub(" ", text).split()

    def _header(self, cells: list[str]) -> Reading | None:
        names = [cell.lower() for cell in cells]
        of_classes = names[:2] == ["class", "images"]
        if not (of_classes or names[0] in _COUNTERS) or not all(map(_WORD.fullmatch, cells)):
            return None
        if not of_classes and not any(strength(name) for name in names[1:]):
            return None
        return self._begin(_named(names), of_classes)

    def _begin(self, columns: list[str], of_classes: bool = False) -> Reading:
        self._columns = columns
        self._of_classes = of_classes
        self._fresh = not of_classes
        return Reading(form="table_header")

    def _row(self, cells: list[str]) -> Reading | None:
        if len(cells) != len(self._columns):
            return None
        if self._of_classes:
            return self._classes(cells)
        place = _OF.match(cells[0])
        number = int(place[1]) if place else count(cells[0]) if cells[0].isdigit() else None
        if number is None:
            return None
        values, time = self._values(cells[1:])
        if values is None:
            return None
        fresh, self._fresh = self._fresh, False
        counts_steps = _COUNTERS[self._columns[0]] == "step"
        step = count(cells[1]) if self._columns[1] == "#" else number if counts_steps else None
        return Reading(
            form="table_first" if fresh else "table",
            values=values,
            epoch=None if counts_steps else number,
            step=step,
            from_one=place is not None,
            time=time,
        )

    def _classes(self, cells: list[str]) -> Reading | None:
        """The line of all classes is the evaluation; those of single classes only say that they were understood."""
        values, _ = self._values(cells[1:])
        if values is None:
            return None
        kept = values if cells[0].lower() == "all" else ()
        return Reading(form="table", values=kept, phase="valid")

    def _values(self, cells: list[str]) -> tuple[Values | None, float | None]:
        """The values of the columns after the first, and the time; no values where a cell is neither."""
        values: list[tuple[str, float]] = []
        time = None
        for name, cell in zip(self._columns[1:], cells, strict=True):
            clock, number = _CLOCK.match(cell), _CELL.match(cell)
            if clock:
                time = 3600.0 * int(clock[1] or 0) + 60.0 * int(clock[2]) + float(clock[3])
            elif number and name in _TIMES:
                time = float(number[1])
            elif number:
                values += [(name, float(number[1]))] if name not in _PLACES else []
            elif cell.lower() not in _EMPTY:
                return None, None
        return tuple(values), time


def _of_spacy(names: list[str]) -> list[str]:
    """Columns of spaCy's table, whose scores are the validation's."""
    losses = [f"train_loss_{name.removeprefix(_SPACY_LOSS)}" for name in names if name.startswith(_SPACY_LOSS)]
    scores = [f"valid_{name}" for name in names[2 + len(losses) :]]
    return ["epoch", "#", *(name.lower() for name in losses + scores)]


def _named(names: list[str]) -> list[str]:
    """Columns as they are kept. Beside losses of both phases a score is the validation's."""
    kept = [_SHORT.get(name, name)[:LONGEST_NAME] for name in names]
    phases = {split_phase(name)[0] for name in kept}
    if not {"train", "valid"} <= phases:
        return kept
    return [f"valid_{name}" if strength(name) and split_phase(name)[0] is None else name for name in kept]
