"""The points of one event file, put together to steps.

TensorBoard has a point for each number. Those of one step and phase become one event, each number once: a second point
of a series at one step begins another event, so that no point is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.importers.contract import RecordedLines
from cockpit.importers.places import place_of
from cockpit.importers.tensorboard_events import Point
from cockpit.importers.tensorboard_groups import BEFORE_ALL, LARGEST, ExportedGroup, Group, Series, number

_MOST_TAGS = 100_000
_LONGEST = 1e10  # seconds of a run
_KINDS: dict[str, Any] = {kind.kind.removesuffix("s"): kind for kind in (Step, Eval, Norms)}


class Steps:
    """Gathers points. `phase` is that of tags which tell none; times are counted from `started`.

    `places` has the kind, the phase and the name of tags that are known beforehand; the others are understood by their
    names. `repeated` counts points at steps that their series had already come to, `newest` is the wall time of the
    newest step.
    """

    def __init__(self, key: str, phase: str, started: float, places: Mapping[str, Any] | None = None) -> None:
        self.repeated = 0
        self.newest = 0.0
        self._key, self._phase, self._started = key, phase, started
        self._places = places or {}
        self._series: dict[str, Series] = {}
        self._groups: dict[tuple[str, str], Group] = {}
        self._waiting: list[Group] = []
        self._step, self._epoch = BEFORE_ALL, 0
        self._lines: list[str] = []
        self._told: dict[Group, int] = {}  # lines of each group that were taken
        self._last_step, self._last_epoch = 0, -1

    def add(self, points: Iterable[Point]) -> None:
        """More points; those of a step wait until the next one begins."""
        known, waiting, current = self._series, self._waiting, self._step
        for wall, step, tag, value in points:
            series = known.get(tag) or self._new_series(tag)
            group = series.group
            if step != current or series.turn == group.turn:
                self._write()
                self._step, self.newest, current = step, wall, step
            series.turn = group.turn
            if not group.waits:
                group.waits = True
                waiting.append(group)
            if series.key:
                group.parts.append(series.key + (repr(value) if value - value == 0.0 else number(value)))
            elif series.is_epoch:
                self._set_epoch(group, value)
            else:
                group.put(series.name, value)
            if group.is_evaluation:
                series.look(value)
            if step > series.highest:
                series.highest = step
            else:
                self.repeated += 1

    def take(self, *, rest: bool = False) -> RecordedLines | None:
        """What is complete since the last time; with `rest` also what waits for a next step."""
        if rest:
            self._write()
        if not self._lines:
            return None
        counts = dict.fromkeys(_KINDS.values(), 0)
        for group in self._groups.values():
            counts[group.make] += group.turn - self._told.get(group, 0)
            self._told[group] = group.turn
        evaluated = [series for series in self._series.values() if series.count]
        taken = RecordedLines(
            key=self._key,
            lines="".join(self._lines).encode(),
            steps=counts[Step],
            evaluations=counts[Eval],
            norms=counts[Norms],
            last_step=self._last_step,
            last_epoch=self._last_epoch,
            extremes={
                (series.group.phase, series.name): (series.count, series.low, series.high, series.last)
                for series in evaluated
            },
        )
        for series in evaluated:
            series.forget()
        self._lines.clear()
        return taken

    def _write(self) -> None:
        """What waits becomes lines."""
        step, epoch = self._step, self._epoch
        time = self.newest - self._started
        if not 0.0 <= time < _LONGEST:
            time = 0.0  # no time of this world
        for group in self._waiting:
            self._lines.append(group.line(step, epoch, time))
            group.turn += 1
            group.waits = False
            if group.is_training and step > self._last_step:
                self._last_step = step
                if group.epoch > self._last_epoch:
                    self._last_epoch = group.epoch
        self._waiting.clear()

    def _set_epoch(self, group: Group, value: float) -> None:
        """The epoch of all that follows, as programs log it once beside much else.

        A part of an epoch is kept as a metric, because events count whole ones.
        """
        if abs(value) < LARGEST:
            self._epoch = int(value)
        if not value.is_integer():
            group.put("epochs", value)

    def _new_series(self, tag: str) -> Series:
        series = Series(*self._place(tag))
        if len(self._series) < _MOST_TAGS:
            self._series[tag] = series
        else:
            self._write()  # nobody will know that this tag had a point at this step
        return series

    def _place(self, tag: str) -> tuple[Group, str]:
        told = self._places.get(tag)
        if isinstance(told, list) and len(told) == 3 and told[0] in _KINDS:
            kind, name, bare = map(str, told)
            return self._groups.setdefault((kind, name), ExportedGroup(_KINDS[kind], name)), bare
        place = place_of(tag, self._phase)
        key = (f"by name {place.make.kind}", place.phase)
        return self._groups.setdefault(key, Group(place.make, place.phase)), place.name
