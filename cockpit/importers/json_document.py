"""A single JSON document: a list of records, lists by name as in Keras' `history`, or the results of one run.

The results of one run are an object of numbers such as `all_results.json` of the Hugging Face Trainer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers import columns
from cockpit.importers.beside import about, label_of
from cockpit.importers.contract import HEAD_BYTES, LIKELY, NO, Item, Run, Source, Unread
from cockpit.importers.opened import DocumentError, beginning, document, parsed
from cockpit.importers.records import Record, Records, is_of_training
from cockpit.importers.track import Row, Track
from cockpit.importers.values import flattened, measured, shown
from cockpit.printed.names import split_phase, strength

_LIST_OF_RECORDS = re.compile(r"\s*\[\s*\{\s*\"")
_LISTS_BY_NAME = re.compile(
    r"\s*\{\s*(?:\"[^\"\n]{1,80}\"\s*:\s*\{\s*){0,2}\"[^\"\n]{1,80}\"\s*:\s*\[\s*(?:[-\d.]|NaN|null)"
)
_HISTORY = "history"
_DEEPEST = 2


class JsonDocument:
    """The importer."""

    name = "json"
    summary = "a JSON list of records, lists by name (Keras history), or results of one run (all_results.json)"

    def fit(self, source: Source) -> int:
        """How well the content fits. A file that is longer than its beginning is known by how it begins."""
        text = "" if source.is_folder else beginning(source)
        if not text.lstrip().startswith(("[", "{")):
            return NO
        if len(source.head) == HEAD_BYTES:
            return LIKELY if _LIST_OF_RECORDS.match(text) or _LISTS_BY_NAME.match(text) else NO
        try:
            return _fit_of(parsed(text))
        except DocumentError:
            return NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its one run. Raises `OSError`."""
        label = label_of(source.path)
        try:
            found = document(source.path)
        except DocumentError as error:
            yield Unread(0, one_line(str(error), 200))
            return
        yield from about(source.path)
        lists = _lists(found)
        if isinstance(found, list):
            yield from _of_records(found, label, source.metric)
        elif lists:
            yield from _unread_beside(found, lists)
            yield from _of_records(_records_of(lists), label, source.metric)
        else:
            yield from _results(found, label, source.metric)


def _fit_of(found: Any) -> int:
    lists = _lists(found)
    if isinstance(found, list):
        records = [one for one in found if isinstance(one, dict)]
        return LIKELY if len(records) == len(found) and is_of_training(records) else NO
    if lists:
        return LIKELY if any(strength(name) for name in lists) else NO
    if not isinstance(found, dict):
        return NO
    numbers, others = flattened(found)
    phased = sum(split_phase(name)[0] is not None for name in numbers)
    strong = sum(strength(name) == 2 for name in numbers)
    mostly = len(numbers) > 2 * len(others)
    return LIKELY if mostly and strong and (phased or strong > 1 or len(numbers) == 1) else NO


def _lists(found: Any, depth: int = _DEEPEST) -> dict[str, list[Any]]:
    """Lists of numbers by name, also those inside of `history`; empty where there are none."""
    if not isinstance(found, dict):
        return {}
    history = found.get(_HISTORY)
    if isinstance(history, dict):
        return _lists(history, 0) | ({"epoch": found["epoch"]} if isinstance(found.get("epoch"), list) else {})
    lists: dict[str, list[Any]] = {}
    others = 0
    for name, value in found.items():
        # XGBoost and LightGBM have them by data set, then by metric.
        below = _lists(value, depth - 1) if isinstance(value, dict) and depth else {}
        lists |= {f"{name}.{inner}": series for inner, series in below.items()}
        if isinstance(value, list) and _is_numeric(value):
            lists[name] = value
        elif not below:
            others += 1
    return lists if 2 * others <= len(found) else {}


def _is_numeric(values: list[Any]) -> bool:
    return bool(values) and all(value is None or measured(value) is not None for value in values)


def _records_of(lists: Mapping[str, list[Any]]) -> list[Record]:
    """A record for each place of the lists, which Keras calls an epoch."""
    placed = columns.first_of((*columns.STEPS, *columns.EPOCHS), lists)
    rows = [dict(zip(lists, values, strict=True)) for values in zip_longest(*lists.values())]
    return rows if placed else [{"epoch": index, **row} for index, row in enumerate(rows)]


def _of_records(found: list[Any], label: str, metric: str) -> Iterator[Item]:
    numbered: list[tuple[int, Record | Unread]] = []
    for position, one in enumerate(found, 1):
        numbered.append((0, one if isinstance(one, dict) else Unread(0, f"entry {position}: {shown(one)}")))
    sample = [one for _, one in numbered if isinstance(one, dict)]
    yield from Records(sample, label, metric=metric).items(numbered)


def _unread_beside(found: Mapping[str, Any], lists: Mapping[str, Any], before: str = "") -> Iterator[Unread]:
    """What stands beside the lists."""
    for key, value in found.items():
        name = f"{before}{key}"
        if name in lists or name == "params":
            continue
        if isinstance(value, dict) and name == _HISTORY:
            yield from _unread_beside(value, lists)
        elif isinstance(value, dict) and any(other.startswith(f"{name}.") for other in lists):
            yield from _unread_beside(value, lists, f"{name}.")
        else:
            yield Unread(0, f"{name}: {shown(value)}")


def _results(found: Any, label: str, metric: str) -> Iterator[Item]:
    if not isinstance(found, dict):
        yield Unread(0, shown(found))
        return
    numbers, others = flattened(found)
    yield Run(key="run", label=label, config=others)
    step = columns.first_of(columns.STEPS, numbers)
    epoch = columns.first_of(columns.EPOCHS, numbers)
    values = {name: value for name, value in numbers.items() if name not in (step, epoch)}
    at = [numbers.get(name) if name else None for name in (step, epoch)]
    track = Track("run", metric or columns.metric_of_test(numbers))
    yield from track.events(Row(values=values, evaluates=True, step=at[0], epoch=at[1]))


IMPORTER = JsonDocument()
