"""The distributions as a table shows them: a short name, and the keys that stand in their cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cockpit.search.errors import Place
from cockpit.search.space import Distribution
from cockpit.search.space.parse import parse_parameter
from cockpit.tui.launch.value_text import NotAListError, number_text, text_value, text_values, value_text, values_text

LISTS = ("values", "probabilities")
EXACT = ("q_uniform", "q_log_uniform_values")  # their grid is one of whole numbers if their bounds are
LISTED = ("constant", "categorical", "categorical_w_probabilities")


class Kind(NamedTuple):
    """`keys` are those of a search file, in its order."""

    label: str
    keys: tuple[str, ...]


KINDS: dict[str, Kind] = {
    "constant": Kind("fixed", ("value",)),
    "categorical": Kind("values", ("values",)),
    "categorical_w_probabilities": Kind("weighted", ("values", "probabilities")),
    "int_uniform": Kind("integers", ("min", "max")),
    "uniform": Kind("uniform", ("min", "max")),
    "log_uniform_values": Kind("log", ("min", "max")),
    "inv_log_uniform_values": Kind("inverse log", ("min", "max")),
    "q_uniform": Kind("q uniform", ("min", "max", "q")),
    "q_log_uniform_values": Kind("q log", ("min", "max", "q")),
    "normal": Kind("normal", ("mu", "sigma")),
    "log_normal": Kind("log normal", ("mu", "sigma")),
    "q_normal": Kind("q normal", ("mu", "sigma", "q")),
    "q_log_normal": Kind("q log normal", ("mu", "sigma", "q")),
    "beta": Kind("beta", ("a", "b")),
    "q_beta": Kind("q beta", ("a", "b", "q")),
}


def texts_of(found: Distribution) -> dict[str, str]:
    """What stands in the cells of a distribution, by key."""
    return {key: _text(getattr(found, key), key, found.kind) for key in KINDS[found.kind].keys}


def read_distribution(place: Place, kind: str, texts: Mapping[str, str]) -> Distribution:
    """The distribution that the cells of one parameter say. Raises `SearchError` at a key inside `place`."""
    body: dict[str, Any] = {"distribution": kind}
    for key in KINDS[kind].keys:
        if text := texts.get(key, "").strip():
            body[key] = _value(place.at(key), key, text)
    return parse_parameter(place, body)


def _text(value: Any, key: str, kind: str) -> str:
    if key in LISTS:
        return values_text(value)
    return value_text(value) if key in ("value", "q") or kind in EXACT else number_text(value)


def _value(place: Place, key: str, text: str) -> Any:
    if key not in LISTS:
        return text_value(text)
    try:
        return text_values(text)
    except NotAListError as error:
        raise place.error(str(error)) from None
