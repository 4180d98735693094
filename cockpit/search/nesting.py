"""Nested parameters: one flat dotted name each inside the cockpit, mappings in a search file and for a program."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cockpit.search.errors import Place

Path = tuple[str, ...]
Paths = Mapping[str, Path]  # by dotted name, of those parameters that stand inside others


def paths_in(parameters: Mapping[str, Any]) -> dict[str, Path]:
    """Where the nested parameters of a search file stand. A name with dots on the top level is not nested."""
    return {".".join(path): path for path in _inner(parameters, ())}


def nest(values: Mapping[str, Any], paths: Paths) -> dict[str, Any]:
    """Values by dotted name as W&B hands them to a program: `{"opt": {"lr": 0.1}}`, sorted by name."""
    whole: dict[str, Any] = {}
    for path, name in sorted((paths.get(name, (name,)), name) for name in values):
        _put(whole, path, values[name])
    return whole


def nest_parameters(parameters: Mapping[str, Any], paths: Paths) -> dict[str, Any]:
    """Parameters by dotted name as a search file has them: `{"opt": {"parameters": {"lr": …}}}`."""
    whole: dict[str, Any] = {}
    for name, body in parameters.items():
        first, *inner = paths.get(name, (name,))
        _put(whole, (first, *(key for part in inner for key in ("parameters", part))), body)
    return whole


def check_nesting(place: Place, names: Collection[str], paths: Paths) -> None:
    """No parameter is also the mapping around others."""
    taken = {paths.get(name, (name,)) for name in names}
    for path in paths.values():
        for length in range(1, len(path)):
            if path[:length] in taken:
                around = ".".join(path[:length])
                raise (
                    place.at("parameters")
                    .at(around)
                    .error(f"has parameters inside, {'.'.join(path)} for one; it cannot be a parameter itself")
                )


def _inner(parameters: Mapping[str, Any], outer: Path) -> Iterator[Path]:
    for name, body in parameters.items():
        path = (*outer, name)
        if isinstance(body, Mapping) and "parameters" in body:
            yield from _inner(body["parameters"], path)
        elif outer:
            yield path


def _put(whole: dict[str, Any], path: Path, value: Any) -> None:
    *outer, last = path
    inside = whole
    for key in outer:
        inside = inside.setdefault(key, {})
    inside[last] = value
