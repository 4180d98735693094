"""Records of JSON, one for each place of a run: which names say where it stands, and what they make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers import columns
from cockpit.importers.contract import Item, Lines, Run, Source, Unread
from cockpit.importers.opened import DocumentError, beginning, lines, parsed
from cockpit.importers.placing import Clock, Places, places_among, row_of, taken_out
from cockpit.importers.track import Track
from cockpit.importers.values import Number, flattened, shown, stamp
from cockpit.importers.words import Words
from cockpit.printed.names import same, strength

Record = dict[str, Any]

SETTINGS = ("config", "hparams", "hyperparameters", "hyper_parameters", "params", "args", "settings")
_LOOKED_AT = 200  # records
_LONGEST_SETTING = 4096  # characters


def _nothing(name: str, names: Iterable[str]) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a writer does that the names do not tell.

    `is_evaluated(name, names)`: the value called so, in a record of those names, comes from an evaluation although its
    name has no phase. `skipped` are names that repeat what others say. `elapsed` are meanings of seconds of the run.
    """

    is_evaluated: Callable[[str, Iterable[str]], bool] = _nothing
    skipped: Callable[[str], bool] = field(default=lambda name: False)
    elapsed: tuple[str, ...] = columns.ELAPSED


PLAIN = Habits()


def records_in(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Record | Unread]]:
    """The objects that lines hold, one each; what is none is unread."""
    for line, text in numbered:
        if not text.strip():
            continue
        try:
            found = parsed(text)
        except DocumentError:
            yield line, Unread(line, shown(text))
            continue
        yield line, found if isinstance(found, dict) else Unread(line, shown(text))


def first_records(source: Source) -> list[Record]:
    """The records at the beginning of a file of JSON lines; none where most lines are something else."""
    if source.is_folder:
        return []
    text = beginning(source).lstrip()
    if not text.startswith("{"):
        return []
    found = [one for _, one in records_in(enumerate(text.split("\n")[:_LOOKED_AT], 1))]
    records = [one for one in found if isinstance(one, dict)]
    return records if len(records) > 0.8 * (len(found) - 1) else []


def lines_of(source: Source) -> Iterator[tuple[int, Record | Unread]]:
    """All records of a file. Raises `OSError`."""
    return records_in(lines(source.path))


def is_of_training(records: list[Record]) -> bool:
    """Whether names say that the records are a log: a step or an epoch beside numbers, or a metric."""
    names: set[str] = set()
    for record in records[:20]:
        names |= {name for name, value in flattened(record)[0].items() if not isinstance(value, bool)}
    placed = columns.first_of((*columns.STEPS, *columns.EPOCHS), names, phased=True)
    return bool(placed and len(names) > 1) or any(strength(name) == 2 for name in names)


def is_placed(record: Record) -> bool:
    """Whether a record that stands alone is one of a log: it has a metric and says where it was measured."""
    numbers, others = flattened(record)
    placed = columns.first_of((*columns.STEPS, *columns.EPOCHS), numbers, phased=True)
    has_lists = any(name.rpartition(".")[2].isdigit() for name in numbers) or not _are_words(others)
    return placed is not None and not has_lists and any(strength(name) == 2 for name in numbers)


def _are_words(others: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in others.values())


class Records:
    """Goes over records. `label` and `config` are those of the run where nothing in a record names runs.

    `metric` is what the user asks to rank by.
    """

    def __init__(
        self,
        sample: list[Record],
        label: str,
        config: Mapping[str, Any] | None = None,
        habits: Habits = PLAIN,
        metric: str = "",
    ) -> None:
        self._metric = metric or columns.metric_of_test(
            dict.fromkeys(name for record in sample for name in flattened(record)[0])
        )
        self._label = label
        self._config = dict(config or {})
        self._habits = habits
        self._places, self._run = _meanings(sample, habits)
        self._tracks: dict[str, tuple[Track, Clock, dict[str, Any]]] = {}
        self._words = Words()
        self._before: dict[str, Any] = {}  # settings that came before anything else
        self._is_first = True

    def items(self, records: Iterable[tuple[int, Record | Unread]]) -> Iterator[Item]:
        """The runs that the records make."""
        line = 0
        for line, record in records:
            if isinstance(record, Unread):
                yield record
            else:
                yield from self._record(line, record)
                self._is_first = False
        if self._before and not self._tracks:
            yield Run(key="run", label=self._label, config=self._config | self._before)
        yield from self._words.rest()
        if line:
            yield Lines(line)

    def _record(self, line: int, record: Record) -> Iterator[Item]:
        settings = {key: value for key, value in record.items() if isinstance(value, dict) and same(key) in SETTINGS}
        numbers, others = flattened({key: value for key, value in record.items() if key not in settings})
        numbers = {name: value for name, value in numbers.items() if not self._habits.skipped(name)}
        others = {name: value for name, value in others.items() if not self._habits.skipped(name)}
        config = {name: value for inner in settings.values() for name, value in inner.items()}
        if self._is_first and self._is_settings(numbers):
            self._before = config | numbers | others
            return
        run = str(numbers.pop(self._run, others.pop(self._run, ""))) if self._run else ""
        yield from self._words.changed(line, taken_out(others, self._places), {})
        words = {name: others.pop(name) for name in tuple(others) if name not in self._places.names}
        key = run or "run"
        if key not in self._tracks:
            yield from self._begun(line, key, run, numbers | others, config | words)
        track, clock, known = self._tracks[key]
        yield from self._words.changed(line, config | words, known)
        names = [*numbers]
        placed = {name: value for name, value in numbers.items() if name in self._places.names}
        for evaluates in (False, True):
            part = {
                name: value
                for name, value in numbers.items()
                if name not in placed and self._habits.is_evaluated(name, names) == evaluates
            }
            if part or not evaluates:
                yield from track.events(row_of(placed | part, others, self._places, clock, names, evaluates))

    def _is_settings(self, numbers: dict[str, Number]) -> bool:
        """Whether a record before all others has settings and nothing that was measured."""
        placed = any(name in numbers for name in (self._places.step, self._places.epoch))
        return not placed and not any(map(strength, numbers))

    def _begun(
        self, line: int, key: str, run: str, values: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[Item]:
        config = {**self._config, **self._before, **settings}
        at = self._places.stamp
        clock = Clock(stamp(values.get(at)) if at else None)
        self._tracks[key] = (Track(key, self._metric), clock, config)
        long = {name: value for name, value in config.items() if len(str(value)) > _LONGEST_SETTING}
        kept = {name: value for name, value in config.items() if name not in long}
        yield Run(key=key, label=one_line(run) or self._label, config=kept, started=clock.began)
        for name, value in long.items():
            yield Unread(line, f"{name}: {shown(value)}")


def _meanings(sample: list[Record], habits: Habits) -> tuple[Places, str | None]:
    """What names mean in these records, and which of them names the run."""
    seen: dict[str, list[Any]] = {}
    texts: set[str] = set()
    for record in sample[:_LOOKED_AT]:
        numbers, others = flattened(record)
        texts |= others.keys()
        for name, value in (numbers | others).items():
            seen.setdefault(name, []).append(value)
    elapsed = habits.elapsed
    if "data_time" in seen or not _grows(seen.get("time", [])):  # `time` is what one step took
        elapsed = tuple(meaning for meaning in elapsed if meaning != "time")
    places = places_among([*seen], {name: values[0] for name, values in seen.items()}, elapsed)
    return places, columns.first_of(columns.RUNS, sorted(texts))


def _grows(values: list[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float)]
    return len(numbers) == len(values) and all(a <= b for a, b in pairwise(numbers))
