"""The points of one event file, put together to steps.

TensorBoard has a point for each number. Those of one step and phase become one event, each number once: a second point
of a series at one step begins another event, so that no point is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cockpit.events.kinds import Eval, Event, Norms, Step
from cockpit.importers.contract import Recorded
from cockpit.importers.places import EPOCH, TIME, place_of
from cockpit.importers.tensorboard_events import Point

_MOST_TAGS = 100_000
_BEFORE_ALL = -(1 << 64)  # a step that no file can have
_LARGEST = 1 << 53  # what a float counts without a gap
_NORMS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio")


class _Group:
    """Points that become one event: those of one phase. `metrics` wait for their step to be over."""

    __slots__ = ("make", "metrics", "name")

    def __init__(self, make: Any, name: str) -> None:
        self.make, self.name = make, name
        self.metrics: dict[str, float] | None = None

    def event(self, step: int, epoch: int, time: float | None) -> Event:
        metrics, self.metrics = self.metrics, None
        event: Event = self.make(phase=self.name, epoch=epoch, step=step, time=time, metrics=metrics)
        return event


class _Exported(_Group):
    """Points of a phase whose epochs and times are points too."""

    __slots__ = ()

    def event(self, step: int, epoch: int, time: float | None) -> Event:
        values, self.metrics = self.metrics or {}, None
        told = values.pop(EPOCH, 0.0)
        epoch = int(told) if abs(told) < _LARGEST else 0
        event: Event = self.make(phase=self.name, epoch=epoch, step=step, time=values.pop(TIME, None), metrics=values)
        return event


class _Norms(_Group):
    """Norms of one parameter group."""

    __slots__ = ()

    def event(self, step: int, epoch: int, time: float | None) -> Event:
        values, self.metrics = self.metrics or {}, None
        known: dict[str, Any] = {name: value for name, value in values.items() if name in _NORMS}
        if abs(known.get("nonfinite", 0.0)) < _LARGEST:
            known["nonfinite"] = int(known.get("nonfinite", 0.0))
        return Norms(step=step, group=self.name, **known)


_GROUPS: dict[str, tuple[type[_Group], Any]] = {
    "step": (_Exported, Step), "eval": (_Exported, Eval), "norm": (_Norms, Norms)
}  # fmt: skip


class _Series:
    """A tag: where its points go, and the highest step that it has come to."""

    __slots__ = ("group", "highest", "is_epoch", "name")

    def __init__(self, group: _Group, name: str) -> None:
        self.group, self.name = group, name
        self.is_epoch = name == EPOCH and not isinstance(group, _Exported)
        self.highest = _BEFORE_ALL


class Steps:
    """Gathers points. `phase` is that of tags which tell none; times are counted from `started`.

    `places` has the kind, the phase and the name of tags that are known beforehand; the others are understood by their
    names. `repeated` counts points at steps that their series had already come to.
    """

    def __init__(self, key: str, phase: str, started: float, places: Mapping[str, Any] | None = None) -> None:
        self.repeated = 0
        self._key, self._phase, self._started = key, phase, started
        self._places = places or {}
        self._series: dict[str, _Series] = {}
        self._groups: dict[tuple[str, str], _Group] = {}
        self._waiting: list[_Group] = []
        self._step, self._epoch, self._wall = _BEFORE_ALL, 0, 0.0

    def add(self, points: Iterable[Point]) -> Iterator[Recorded]:
        """More points; those of a step wait until the next one begins."""
        known, waiting, current = self._series, self._waiting, self._step
        for wall, step, tag, value in points:
            series = known.get(tag) or self._new_series(tag)
            group, name = series.group, series.name
            metrics = group.metrics
            if step != current or (metrics is not None and name in metrics):
                for ready in waiting:
                    yield self._recorded(ready)
                waiting.clear()
                self._step, self._wall, current, metrics = step, wall, step, None
            if step > series.highest:
                series.highest = step
            else:
                self.repeated += 1
            if metrics is None:
                metrics = group.metrics = {}
                waiting.append(group)
            if series.is_epoch:
                self._set_epoch(metrics, value)
            else:
                metrics[name] = value

    def rest(self) -> Iterator[Recorded]:
        """What waits for a next step that does not come."""
        yield from map(self._recorded, self._waiting)
        self._waiting.clear()

    @property
    def newest(self) -> float:
        """The wall time of the newest step."""
        return self._wall

    def _recorded(self, group: _Group) -> Recorded:
        time = self._wall - self._started
        return Recorded(self._key, group.event(self._step, self._epoch, time if time > 0 else 0.0))

    def _set_epoch(self, metrics: dict[str, float], value: float) -> None:
        """The epoch of all that follows, as programs log it once beside much else.

        A part of an epoch is kept as a metric, because events count whole ones.
        """
        if abs(value) < _LARGEST:
            self._epoch = int(value)
        if not value.is_integer():
            metrics["epochs"] = value

    def _new_series(self, tag: str) -> _Series:
        series = _Series(*self._place(tag))
        if len(self._series) < _MOST_TAGS:
            self._series[tag] = series
        return series

    def _place(self, tag: str) -> tuple[_Group, str]:
        told = self._places.get(tag)
        if isinstance(told, list) and len(told) == 3 and told[0] in _GROUPS:
            kind, name, bare = map(str, told)
            make_group, make = _GROUPS[kind]
        else:
            place = place_of(tag, self._phase)
            kind, name, bare = f"foreign {place.make.kind}", place.phase, place.name
            make_group, make = _Group, place.make
        return self._groups.setdefault((kind, name), make_group(make, name)), bare
