"""Which configuration comes next, for grid and random searches. Nothing here has state.

Proposal `index` depends on the search and on `index` alone, so a sweep can be taken up anywhere. The first proposals
are the baseline, where there is one, and the initial points. Bayesian searches propose by what was measured, which is
an engine's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from math import prod

from cockpit.search.space import Distribution, Value
from cockpit.search.spec import Search
from cockpit.search.values import identity

Point = dict[str, Value]


def propose(search: Search, index: int) -> Point | None:
    """The full configuration of proposal `index`, constants included; None past the end of a grid.

    Raises `ValueError` for a Bayesian search, but for its first points. `run_cap` is not looked at.
    """
    first = first_points(search)
    if index < len(first):
        return first[index]
    if search.method == "random":
        return random_point(search.space, search.seed, index)
    if search.method == "grid":
        return _grid_proposal(search, first, index - len(first))
    raise ValueError(f"method {search.method} proposes by results, not by index")


def proposals(search: Search, done: Collection[object] = ()) -> Iterator[Point]:
    """All proposals in order, up to `run_cap`; a random search without one has no end.

    Points whose `identity` is in `done` are passed over, but for the first points; `done` may grow meanwhile.
    """
    first = len(first_points(search))
    index = made = 0
    while search.run_cap is None or made < search.run_cap:
        point = propose(search, index)
        if point is None:
            return
        if index < first or not done or identity(point) not in done:
            yield point
            made += 1
        index += 1


def count(search: Search, done: Iterable[Mapping[str, Value]] = ()) -> int | None:
    """How many trials there will be, repeats and confirmations not counted; None if there is no end.

    A grid leaves out the points that are in `done`, which other experiments have tried.
    """
    if search.method != "grid":
        return search.run_cap
    axes = _axes(search.space)
    first = [_position(axes, point) for point in first_points(search)]
    skipped = {_position(axes, point) for point in done}
    total = prod(len(values) for values in axes.values()) + first.count(None) - len(skipped - {None, *first})
    return total if search.run_cap is None else min(total, search.run_cap)


def first_points(search: Search) -> list[Point]:
    """What is tried before anything else: the baseline and the initial points, each once.

    What an initial point leaves open is as in the baseline, or without one a sample.
    """
    points = [baseline_point(search)] if search.baseline else []
    known = [identity(point) for point in points]
    for given in search.initial:
        rest = search.baseline or random_point(search.varied, search.seed, len(points))
        point = dict(sorted({**search.fixed, **rest, **given}.items()))
        if identity(point) not in known:
            points.append(point)
            known.append(identity(point))
    return points


def baseline_point(search: Search) -> Point:
    """The full configuration of the baseline."""
    return dict(sorted({**search.fixed, **search.baseline}.items()))


def random_point(space: Mapping[str, Distribution], seed: int, index: int) -> Point:
    """A sample of every parameter. It does not depend on which other parameters there are."""
    return {name: found.sample(uniform(seed, index, name)) for name, found in sorted(space.items())}


def is_inside(space: Mapping[str, Distribution], point: Mapping[str, Value]) -> bool:
    """Whether a whole configuration is one of the space, constants included."""
    return point.keys() == space.keys() and all(space[name].contains(point[name]) for name in space)


def uniform(seed: int, index: int, name: str) -> float:
    """A number in the open interval (0, 1), the same on every machine and version of Python."""
    digest = blake2b(f"{seed}/{index}/{name}".encode(), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 12) + 0.5) / 2**52


def _grid_proposal(search: Search, first: Iterable[Point], index: int) -> Point | None:
    """The grid's point `index`, those not counted that came first."""
    axes = _axes(search.space)
    for at in sorted({at for point in first if (at := _position(axes, point)) is not None}):
        index += index >= at
    if index >= prod(len(values) for values in axes.values()):
        return None
    point: Point = {}
    for name, values in reversed(axes.items()):
        index, digit = divmod(index, len(values))
        point[name] = values[digit]
    return dict(reversed(point.items()))


def _axes(space: Mapping[str, Distribution]) -> dict[str, list[Value]]:
    """The values of every parameter, sorted by name, each value once (3.0 equals 3)."""
    return {name: _distinct(found) for name, found in sorted(space.items())}


def _distinct(found: Distribution) -> list[Value]:
    once: dict[object, Value] = {}
    for value in found.grid() or ():
        once.setdefault(identity(value), value)
    return list(once.values())


def _position(axes: Mapping[str, list[Value]], point: Mapping[str, Value]) -> int | None:
    """The index of a point in the Cartesian product, the last name turning fastest; None if it is not in it."""
    position = 0
    for name, values in axes.items():
        same = [digit for digit, value in enumerate(values) if identity(value) == identity(point.get(name))]
        if not same:
            return None
        position = position * len(values) + same[0]
    return position
