"""Finds trainers by name and builds their configs from loose values. Imports nothing but the standard library."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any, cast

from trainers import configs
from trainers.contract import Events, InputError, Scalar, Trainer, TrainerConfig
from trainers.fields import FieldInfo, assemble, coerce, describe
from trainers.lr_trainer import FIND_LR, lr_finder_of

# Modules beside those of trainers, which extend what is in them.
SHARED = ("torch_config",)

Recipe = Callable[[Any, Any], Events]


def names() -> list[str]:
    """The registered trainers, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(configs.__path__) if module.name not in SHARED)


def find(name: str) -> Trainer:
    """The trainer of this name, or the `TRAINER` of the module with this dotted path.

    `find_lr:NAME` is what looks for the learning rate of one of these.
    """
    if name.startswith(FIND_LR):
        return _lr_finder(name.removeprefix(FIND_LR))
    if name in names():
        return cast(Trainer, importlib.import_module(f"{configs.__name__}.{name}").TRAINER)
    if "." in name:
        trainer = getattr(_import(name), "TRAINER", None)
        if isinstance(trainer, Trainer):
            return trainer
        raise InputError(f"module {name} has no TRAINER: define one as in trainers/configs/toy.py")
    raise InputError(f"unknown trainer {name!r}{_closest(name, names())}; there are: {', '.join(names())}")


@cache
def _lr_finder(name: str) -> Trainer:
    return lr_finder_of(find(name))


def fields(trainer: Trainer) -> dict[str, FieldInfo]:
    """Every setting of a trainer by its name; those of nested dataclasses have dotted names."""
    return describe(trainer.config)


def value_of(trainer: Trainer, key: str, value: object) -> Scalar:
    """One value brought to the type of its setting and checked. Raises `InputError`."""
    return _value_of(trainer, fields(trainer), key, value)


def build_config(trainer: Trainer, values: Mapping[str, object]) -> TrainerConfig:
    """The trainer's config with `values` in place of defaults.

    Keys of nested settings are dotted or nested mappings. Raises `InputError` for a parameter that does not exist and
    for a value of the wrong type, not finite, out of bounds or not among the choices.
    """
    known = fields(trainer)
    checked = {key: _value_of(trainer, known, key, value) for key, value in _flat(values).items()}
    return cast(TrainerConfig, assemble(trainer.config, checked))


def load_recipe(trainer: Trainer) -> Recipe:
    """Imports the generator function behind a trainer. This is what loads torch."""
    module, _, function = trainer.recipe.partition(":")
    return cast(Recipe, getattr(importlib.import_module(module), function))


def _value_of(trainer: Trainer, known: Mapping[str, FieldInfo], key: str, value: object) -> Scalar:
    if key not in known:
        raise InputError(
            f"{trainer.name} has no parameter {key!r}{_closest(key, known)}; there are: {', '.join(known)}"
        )
    return coerce(known[key], value)


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _import(path: str) -> ModuleType:
    try:
        return importlib.import_module(path)
    except ImportError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"trainer module {path} cannot be imported: {reason}") from error


def _closest(word: str, known: Mapping[str, object] | list[str]) -> str:
    matches = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
