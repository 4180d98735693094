"""`parameters` of a search file to distributions, by the rules of the W&B sweep schema."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.search.errors import Place, closest, listed, shown
from cockpit.search.space.base import Distribution, Value
from cockpit.search.space.bounded import InvLogUniformValues, LogUniformValues, QLogUniformValues, QUniform, Uniform
from cockpit.search.space.discrete import Categorical, Constant, IntUniform, Weighted
from cockpit.search.space.shaped import Beta, LogNormal, Normal, QBeta, QLogNormal, QNormal
from cockpit.search.values import mapping, number, only, plain, sequence, whole

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
DEPRECATED = ("log_uniform", "q_log_uniform", "inv_log_uniform")

Body = Mapping[str, Any]


@dataclass(frozen=True)
class _Recipe:
    build: Callable[[Place, Body], Distribution]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.required + self.optional


def parse_parameters(place: Place, data: object) -> tuple[dict[str, Distribution], dict[str, Place]]:
    """Distributions under their dotted names, in the order of the file, and the place of each.

    Nested `parameters` are flattened. Raises `SearchError`.
    """
    space: dict[str, Distribution] = {}
    places: dict[str, Place] = {}
    for name, found, at in _flat(place, data, ""):
        if name in space:
            raise at.error(f"the parameter {name} stands here twice; remove one")
        space[name], places[name] = found, at
    return space, places


def parse_parameter(place: Place, data: object) -> Distribution:
    """One parameter. The first kind that the keys fit is taken: `min: 1, max: 10.0` is uniform, not whole numbers."""
    if not isinstance(data, Mapping):
        raise place.error(f"{shown(data)} is not a mapping; for a fixed value write {{value: {data}}}")
    body = mapping(place, data)
    kind = _kind(place, body)
    recipe = _RECIPES[kind]
    _check_keys(place, body, kind, recipe)
    found = recipe.build(place, body)
    _check_range(place, found)
    return found


def _flat(place: Place, data: object, prefix: str) -> list[tuple[str, Distribution, Place]]:
    parameters = mapping(place, data)
    if not parameters:
        raise place.error("no parameter is given; name at least one")
    flat: list[tuple[str, Distribution, Place]] = []
    for name, body in parameters.items():
        at = place.at(name)
        if not NAME.fullmatch(name):
            raise at.error("not a parameter name; use letters, digits, _ . and -, a letter or _ first")
        if isinstance(body, Mapping) and "parameters" in body:
            only(at, body, ("parameters",))
            flat += _flat(at.at("parameters"), body["parameters"], f"{prefix}{name}.")
        else:
            flat.append((prefix + name, parse_parameter(at, body), at))
    return flat


def _kind(place: Place, body: Body) -> str:
    if "distribution" in body:
        return _named_kind(place.at("distribution"), body)
    if "value" in body:
        return Constant.kind
    if "values" in body:
        return Categorical.kind
    if "min" in body or "max" in body:
        bounds = [body[key] for key in ("min", "max") if key in body]
        whole_bounds = all(isinstance(bound, int) for bound in bounds)
        return IntUniform.kind if whole_bounds else Uniform.kind
    shaped = [key for key in body if key in ("mu", "sigma", "a", "b", "q")]
    if shaped:
        raise place.at(shaped[0]).error(f"needs a distribution beside it: {_owners(shaped[0])}")
    only(place, body, ("distribution", "value", "values", "probabilities", "min", "max", "parameters"))
    raise place.error("does not say what to try; give value, values, min and max, or distribution")


def _named_kind(place: Place, body: Body) -> str:
    kind = body["distribution"]
    if kind in DEPRECATED:
        raise place.error(
            f"{kind} is deprecated, since its min and max are exponents of e; "
            f"use {kind}_values, whose min and max are the values themselves"
        )
    if not isinstance(kind, str) or kind not in _RECIPES:
        raise place.error(f"{shown(kind)} is not known{closest(kind, _RECIPES)}; allowed: {listed(_RECIPES)}")
    return kind


def _check_keys(place: Place, body: Body, kind: str, recipe: _Recipe) -> None:
    for key in body:
        if key != "distribution" and key not in recipe.keys:
            owners = _owners(key)
            problem = f"belongs to {owners}, not to {kind}" if owners else f"unknown key{closest(key, recipe.keys)}"
            raise place.at(key).error(f"{problem}; allowed: {listed(('distribution', *recipe.keys))}")
    for key in recipe.required:
        if key not in body:
            raise place.at(key).error(f"missing; {kind} needs {' and '.join(recipe.required)}")


def _owners(key: str) -> str:
    return listed(kind for kind, recipe in _RECIPES.items() if key in recipe.keys) if key in _ALL_KEYS else ""


def _check_range(place: Place, found: Distribution) -> None:
    """Refuses what overflows, and a `q` so coarse that nothing is left to vary."""
    try:
        ends = [value for _, value in found.ends()]
        if isinstance(found, Normal | QNormal | LogNormal | QLogNormal):
            ends += [found.sample(2.0**-53), found.sample(1.0 - 2.0**-53)]
        elif isinstance(found, Constant | Categorical | Weighted):
            return
        overflows = not all(math.isfinite(end) for end in ends)
    except OverflowError:
        overflows = True
    if overflows:
        raise place.error(f"{found.kind} with these settings reaches beyond the largest number")
    if isinstance(found, QUniform | QLogUniformValues) and ends[0] == ends[1]:
        raise place.at("q").error(f"{found.q} rounds every value to {ends[0]}; choose a smaller q")


def _constant(place: Place, body: Body) -> Distribution:
    return Constant(plain(place.at("value"), body["value"]))


def _categorical(place: Place, body: Body) -> Distribution:
    at = place.at("values")
    values: tuple[Value, ...] = tuple(plain(at, value) for value in sequence(at, body["values"]))
    if "probabilities" not in body:
        return Categorical(values)
    at = place.at("probabilities")
    weights = tuple(float(number(at, weight)) for weight in sequence(at, body["probabilities"]))
    if len(weights) != len(values):
        raise at.error(f"{len(weights)} probabilities for {len(values)} values; give one for each")
    if min(weights) < 0:
        raise at.error(f"{min(weights)} is below 0")
    if not math.isclose(sum(weights), 1.0, abs_tol=1.001e-5):
        raise at.error(f"they sum to {sum(weights):.6g}, not to 1")
    return Weighted(values, weights)


def _int_uniform(place: Place, body: Body) -> Distribution:
    low, high = (whole(place.at(key), body[key]) for key in ("min", "max"))
    _check_order(place, low, high)
    return IntUniform(low, high)


def _bounds(place: Place, body: Body, positive: bool) -> tuple[int | float, int | float]:
    low, high = (number(place.at(key), body[key]) for key in ("min", "max"))
    if positive and low <= 0:
        raise place.at("min").error(f"{low} is not above 0, which a logarithmic scale needs")
    _check_order(place, low, high)
    return low, high


def _check_order(place: Place, low: int | float, high: int | float) -> None:
    if low == high:
        raise place.at("min").error(f"{low} equals max; for a fixed value write value: {low}")
    if low > high:
        raise place.at("min").error(f"{low} is not below max {high}; swap them")


def _ranged(cls: type[Uniform | LogUniformValues | InvLogUniformValues], positive: bool) -> _Recipe:
    def build(place: Place, body: Body) -> Distribution:
        low, high = _bounds(place, body, positive)
        return cls(float(low), float(high))

    return _Recipe(build, ("min", "max"))


def _ranged_q(cls: type[QUniform | QLogUniformValues], positive: bool) -> _Recipe:
    def build(place: Place, body: Body) -> Distribution:
        # Whole bounds stay whole, so that the values of a grid do.
        low, high = _bounds(place, body, positive)
        return cls(low, high, _q(place, body))

    return _Recipe(build, ("min", "max"), ("q",))


def _gaussian(cls: type[Normal | LogNormal | QNormal | QLogNormal], *q: str) -> _Recipe:
    def build(place: Place, body: Body) -> Distribution:
        mu = float(number(place.at("mu"), body.get("mu", 0.0)))
        sigma = float(number(place.at("sigma"), body.get("sigma", 1.0)))
        if sigma < 0:
            raise place.at("sigma").error(f"{sigma} is below 0")
        if issubclass(cls, QNormal | QLogNormal):
            return cls(mu, sigma, _q(place, body))
        return cls(mu, sigma)

    return _Recipe(build, (), ("mu", "sigma", *q))


def _beta(cls: type[Beta | QBeta], *q: str) -> _Recipe:
    def build(place: Place, body: Body) -> Distribution:
        a, b = (_positive(place.at(key), body.get(key, 1.0)) for key in ("a", "b"))
        return cls(float(a), float(b), _q(place, body)) if issubclass(cls, QBeta) else cls(float(a), float(b))

    return _Recipe(build, (), ("a", "b", *q))


def _q(place: Place, body: Body) -> int | float:
    return _positive(place.at("q"), body.get("q", 1))


def _positive(place: Place, value: object) -> int | float:
    found = number(place, value)
    if found <= 0:
        raise place.error(f"{found} is not above 0")
    return found


_RECIPES: dict[str, _Recipe] = {
    "constant": _Recipe(_constant, ("value",)),
    "categorical": _Recipe(_categorical, ("values",), ("probabilities",)),
    "categorical_w_probabilities": _Recipe(_categorical, ("values", "probabilities")),
    "int_uniform": _Recipe(_int_uniform, ("min", "max")),
    "uniform": _ranged(Uniform, positive=False),
    "q_uniform": _ranged_q(QUniform, positive=False),
    "log_uniform_values": _ranged(LogUniformValues, positive=True),
    "q_log_uniform_values": _ranged_q(QLogUniformValues, positive=True),
    "inv_log_uniform_values": _ranged(InvLogUniformValues, positive=True),
    "normal": _gaussian(Normal),
    "q_normal": _gaussian(QNormal, "q"),
    "log_normal": _gaussian(LogNormal),
    "q_log_normal": _gaussian(QLogNormal, "q"),
    "beta": _beta(Beta),
    "q_beta": _beta(QBeta, "q"),
}
_ALL_KEYS = {key for recipe in _RECIPES.values() for key in recipe.keys}
