"""The distributions as a table shows them: a short name, and the keys that stand in their cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cockpit.search.errors import Place
from cockpit.search.space import Distribution
from cockpit.search.space.parse import parse_parameter
from cockpit.tui.launch.value_text import NotAListError, number_text, text_value, text_values, value_text, values_text

LISTS = ("values", "probabilities")
LISTED = ("constant", "categorical", "categorical_w_probabilities")


class Kind(NamedTuple):
    """`keys` are those of a search file. Where `loose`, 8 and 8.0 are the same bound."""

    label: str
    keys: tuple[str, ...]
    loose: bool = True


KINDS: dict[str, Kind] = {
    "constant": Kind("fixed", ("value",), loose=False),
    "categorical": Kind("values", ("values",), loose=False),
    "categorical_w_probabilities": Kind("weighted", ("values", "probabilities"), loose=False),
    "int_uniform": Kind("integers", ("min", "max")),
    "uniform": Kind("uniform", ("min", "max")),
    "log_uniform_values": Kind("log", ("min", "max")),
    "inv_log_uniform_values": Kind("inverse log", ("min", "max")),
    "q_uniform": Kind("q uniform", ("min", "max", "q"), loose=False),
    "q_log_uniform_values": Kind("q log", ("min", "max", "q"), loose=False),
    "normal": Kind("normal", ("mu", "sigma")),
    "log_normal": Kind("log normal", ("mu", "sigma")),
    "q_normal": Kind("q normal", ("mu", "sigma", "q"), loose=False),
    "q_log_normal": Kind("q log normal", ("mu", "sigma", "q"), loose=False),
    "beta": Kind("beta", ("a", "b")),
    "q_beta": Kind("q beta", ("a", "b", "q"), loose=False),
}


def texts_of(found: Distribution) -> dict[str, str]:
    """What stands in the cells of a distribution, by key."""
    kind = KINDS[found.kind]
    return {key: _text(getattr(found, key), key, kind) for key in kind.keys}


def read_distribution(place: Place, kind: str, texts: Mapping[str, str]) -> Distribution:
    """The distribution that the cells of one parameter say. Raises `SearchError` at a key inside `place`."""
    body: dict[str, Any] = {"distribution": kind}
    for key in KINDS[kind].keys:
        if text := texts.get(key, "").strip():
            body[key] = _value(place.at(key), key, text)
    return parse_parameter(place, body)


def _text(value: Any, key: str, kind: Kind) -> str:
    if key in LISTS:
        return values_text(value)
    return number_text(value) if kind.loose else value_text(value)


def _value(place: Place, key: str, text: str) -> Any:
    if key not in LISTS:
        return text_value(text)
    try:
        return text_values(text)
    except NotAListError as error:
        raise place.error(str(error)) from None
