"""A search against the trainer that it names: everything that can be known before anything starts."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Protocol

from cockpit.search.errors import Place, closest, listed, shown
from cockpit.search.space import Categorical, Constant, Distribution, Value, Weighted
from cockpit.search.spec import Search


class FieldLike(Protocol):
    """A setting of a trainer. `type` is `str`, `int`, `float` or `bool`; bounds are inclusive."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def choices(self) -> tuple[Value, ...] | None: ...


def check_search(
    search: Search,
    fields: Mapping[str, FieldLike],
    metrics: Mapping[str, str],
    *,
    reserved: Collection[str] = (),
) -> None:
    """Raises `SearchError` at the first thing that the trainer would not understand.

    `fields` are the trainer's settings by dotted name, `metrics` what it reports with the goal of each, `reserved`
    settings that the caller sets itself for every trial.
    """
    _check_metric(search, metrics)
    for name, found in search.space.items():
        at = search.place.at("parameters").at(name)
        if name in reserved:
            raise at.error("set for every trial by the program itself; remove it")
        if name not in fields:
            hint = closest(name, fields)
            raise at.error(f"{search.trainer} has no such parameter{hint}; allowed: {listed(fields)}")
        _check_distribution(at, found, fields[name])
    for name, value in search.baseline.items():
        _check_value(search.place.at("baseline").at(name), value, fields[name])
    if (search.seeds > 1 or search.confirm) and "seed" not in fields:
        key = "seeds" if search.seeds > 1 else "confirm"
        raise search.place.at(key).error(f"{search.trainer} has no seed to vary; remove it")


def _check_metric(search: Search, metrics: Mapping[str, str]) -> None:
    for number, found in enumerate(search.metrics or filter(None, (search.metric,))):
        at = search.place.at("metrics").at(number) if search.metrics else search.place.at("metric")
        if found.name not in metrics:
            hint = closest(found.name, metrics)
            raise at.at("name").error(
                f"{search.trainer} does not report {found.name}{hint}; allowed: {listed(metrics)}"
            )
        goal = metrics[found.name]
        if found.goal != goal:
            better = "higher" if goal == "maximize" else "lower"
            raise at.at("goal").error(f"{found.goal}, but {found.name} is better when {better}; write goal: {goal}")


def _check_distribution(place: Place, found: Distribution, field: FieldLike) -> None:
    listed_values = isinstance(found, Constant | Categorical | Weighted)
    if not listed_values and field.type in ("bool", "str"):
        raise place.error(f"{found.kind} gives numbers, but {field.name} is {_wanted(field)}; use values")
    if not listed_values and field.type == "int" and not found.whole():
        raise place.error(f"{found.kind} gives fractions, but {field.name} is a whole number; use int_uniform or q: 1")
    if not listed_values and field.choices is not None:
        grid = found.grid()
        if grid is None or not all(value in field.choices for value in grid):
            raise place.error(f"{field.name} allows only {listed(field.choices)}; use values")
    for key, value in found.ends():
        _check_value(place.at(key) if key else place, value, field)


def _check_value(place: Place, value: Value, field: FieldLike) -> None:
    if value is None and field.optional:
        return
    if not _is_of_type(value, field.type):
        raise place.error(f"{shown(value)} is not {_wanted(field)}, as {field.name} needs")
    if field.choices is not None and value not in field.choices:
        raise place.error(f"{shown(value)} is not allowed{closest(value, _words(field))}; use {listed(field.choices)}")
    if isinstance(value, str):
        return
    if field.low is not None and value < field.low:
        raise place.error(f"{shown(value)} is below {field.low:g}, the least that {field.name} allows")
    if field.high is not None and value > field.high:
        raise place.error(f"{shown(value)} is above {field.high:g}, the most that {field.name} allows")


def _is_of_type(value: Value, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if kind == "str":
        return isinstance(value, str | int | float)
    if kind == "int":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return kind == "float" and isinstance(value, int | float) and math.isfinite(value)


def _wanted(field: FieldLike) -> str:
    kind = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}[field.type]
    return f"{kind} or null" if field.optional else kind


def _words(field: FieldLike) -> list[str]:
    return [choice for choice in field.choices or () if isinstance(choice, str)]
