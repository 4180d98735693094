"""What parameters are called, and which of them share a row of the norm table. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trainers.contract import InputError

if TYPE_CHECKING:
    from torch import nn

LAYERS, OTHER = "layers", "other"
HELP = (
    "rows of the norm table: empty for parameter groups; layers for one each, layers:2 for the first two parts of "
    "their names; or regular expressions, the first that is found in a parameter's name takes it"
)
# More rows than anybody reads make the record of a step longer than the step.
MOST_ROWS = 256
# What torch.compile, FSDP and checkpoints of activations put into the names of what they wrap.
_WRAPPERS = frozenset(("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"))
_BETWEEN = re.compile(r"\s+|,(?![^{}]*})")  # a comma in braces is one of `\d{1,2}`
_LAYERS = re.compile(LAYERS + r"(?::(\d{1,3}))?\Z")


def parameter_names(model: nn.Module | None) -> dict[int, str]:
    """The name of each parameter of a model by its `id`; of those that share weights, the first one's."""
    if model is None:
        return {}
    named = list(model.named_parameters())
    names = plain_names([name for name, _ in named])
    return {id(parameter): name for name, (_, parameter) in zip(names, named, strict=True)}


def plain_names(names: Sequence[str]) -> list[str]:
    """The names of parameters in a model as it was before it was wrapped for compiling or for several processes."""
    paths = [[part for part in name.split(".") if part not in _WRAPPERS] for name in names]
    while paths and all(len(path) > 1 and path[0] == "module" for path in paths):
        paths = [path[1:] for path in paths]
    return [".".join(path) for path in paths]


def check_rows(of: str) -> None:
    """Raises `InputError` for what `rows_of` cannot read."""
    _row_of(of)


def rows_of(names: Sequence[str], of: str) -> dict[str, list[int]]:
    """The places of the parameters in each row, by the row's name, in the order of their first ones.

    `of` is not empty; see `HELP`. What no expression takes is `other`, and so is what comes after `MOST_ROWS` rows.
    Raises `InputError` for an expression that is none.
    """
    row_of = _row_of(of)
    rows: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        row = row_of(name)
        if row not in rows and len(rows) >= MOST_ROWS - 1:
            row = OTHER
        rows.setdefault(row, []).append(place)
    return rows


def _row_of(of: str) -> Callable[[str], str]:
    layers = _LAYERS.match(of.strip())
    if layers:
        depth = int(layers[1]) if layers[1] else None
        return lambda name: ".".join(name.split(".")[:-1][:depth]) or name
    patterns = [_compiled(text) for text in _BETWEEN.split(of.strip()) if text]
    return lambda name: next((pattern.pattern for pattern in patterns if pattern.search(name)), OTHER)


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise InputError(
            f"norms_of has {text!r}, which is no regular expression ({error}): give layers, layers:2, or expressions "
            f"with blanks between them"
        ) from None
