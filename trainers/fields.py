"""The fields of a config dataclass: what they are called, what they accept, and values brought to their types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from trainers.contract import InputError, Scalar

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One setting. `type` is `str`, `int`, `float` or `bool`; an `optional` one may also be None."""

    name: str
    type: str
    optional: bool
    default: Scalar
    help: str
    low: float | None
    high: float | None
    choices: tuple[Scalar, ...] | None
    steerable: bool

    @property
    def allowed(self) -> str:
        """What the setting accepts, in words."""
        if self.choices is not None:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        kind = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}[self.type]
        if self.low is not None and self.high is not None:
            kind += f" from {self.low:g} to {self.high:g}"
        elif self.low is not None:
            kind += f" of at least {self.low:g}"
        elif self.high is not None:
            kind += f" of at most {self.high:g}"
        return f"{kind} or none" if self.optional else kind


def describe(config: type, prefix: str = "") -> dict[str, FieldInfo]:
    """All settings of a config class, nested dataclasses flattened to dotted names, in the order of definition."""
    hints = _hints(config)
    found: dict[str, FieldInfo] = {}
    for item in dataclass_fields(config):
        name = f"{prefix}{item.name}"
        hint = hints[item.name]
        if is_dataclass(hint):
            found |= describe(cast(type, hint), f"{name}.")
        else:
            found[name] = _info(name, hint, item)
    return found


def assemble(config: type, values: Mapping[str, Scalar], prefix: str = "") -> Any:
    """A config object from checked values under dotted names; what is not named keeps its default."""
    hints = _hints(config)
    chosen: dict[str, Any] = {}
    for item in dataclass_fields(config):
        name = f"{prefix}{item.name}"
        if is_dataclass(hints[item.name]):
            chosen[item.name] = assemble(cast(type, hints[item.name]), values, f"{name}.")
        elif name in values:
            chosen[item.name] = values[name]
    return config(**chosen)


def coerce(info: FieldInfo, value: object) -> Scalar:
    """`value` in the type of the setting. Raises `InputError` naming the setting, the value and what is allowed."""
    if info.optional and _is_none(value):
        return None
    converted = {"bool": _bool, "int": _int, "float": _float, "str": _str}[info.type](value)
    if converted is None or not _within(info, converted):
        shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
        raise InputError(f"{info.name} = {shown} is not allowed: give {info.allowed}")
    return converted


@cache
def _hints(config: type) -> dict[str, Any]:
    """The types of a class, which do not change and take longer to find than all else here."""
    return get_type_hints(config)


def _info(name: str, hint: Any, item: Field[Any]) -> FieldInfo:
    kinds = [hint]
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1 or kinds[0] not in (str, int, float, bool):
        raise TypeError(f"config field {name} must be str, int, float, bool or one of them with None, not {hint}")
    meta = item.metadata
    return FieldInfo(
        name=name,
        type=kinds[0].__name__,
        optional=kinds[0] is not hint,
        default=None if item.default is MISSING else item.default,
        help=meta.get("help", ""),
        low=meta.get("low"),
        high=meta.get("high"),
        choices=meta.get("choices"),
        steerable=meta.get("steerable", False),
    )


def _is_none(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in ("", "none", "null"))


def _bool(value: object) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    return bool(value) if isinstance(value, bool) or value in (0, 1) else None


def _int(value: object) -> int | None:
    number = _float(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        # Not through float, which rounds above 2**53.
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    return int(number) if number is not None and number.is_integer() else None


def _float(value: object) -> float | None:
    """A finite float, or None. A bool is no number here: `lr: true` is a slip of the pen."""
    if isinstance(value, bool) or not isinstance(value, (Real, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _str(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, Real)):
        return None
    return str(value)


def _within(info: FieldInfo, value: str | int | float | bool) -> bool:
    if info.choices is not None and value not in info.choices:
        return False
    if isinstance(value, str):
        return True
    return (info.low is None or value >= info.low) and (info.high is None or value <= info.high)
