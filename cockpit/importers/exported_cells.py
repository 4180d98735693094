"""Cells of CSV files that come back as what they were, and that no spreadsheet takes for a formula.

Numbers are written with all their digits (`0.1`, `nan`, `inf`), what was never reported is empty. Other values than
texts, and texts that would read as such, are JSON. A text that begins like a formula, or with a quote, has a quote
before it.
"""

from __future__ import annotations

import json
from typing import Any

FIXED = ("trial", "kind", "phase", "group", "epoch", "step", "time")  # columns of steps beside the metrics
NORMS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio")
SETTING = "config."  # of settings, in the table of trials
STEPS, NORM_TABLE, TRIALS, EXPERIMENT = "steps.csv", "norms.csv", "trials.csv", "experiment.csv"
PREFIX = "metrics."  # of metrics which are called like another column
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def number_cell(value: float | None) -> str:
    """A number with all its digits, or nothing."""
    return "" if value is None else repr(value)


def text_cell(text: str) -> str:
    """A text as it is, with a quote before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def text_of(cell: str) -> str:
    """The text of a cell."""
    return cell[1:] if cell.startswith("'") else cell


def value_cell(value: Any) -> str:
    """Any setting."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_cell(value)
    if isinstance(value, str) and not _reads_as_value(value):
        return text_cell(value)
    return json.dumps(value, ensure_ascii=False)


def value_of(cell: str) -> Any:
    """The setting of a cell. Raises nothing: what is no number and no JSON is a text."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    number = number_of(cell)
    return text_of(cell) if number is None else number


def number_of(cell: str) -> float | None:
    """The number of a cell; None for an empty one and for what is none."""
    try:
        return float(cell)
    except ValueError:
        return None


def _reads_as_value(text: str) -> bool:
    """Whether the cell of this text would come back as something else, or as nothing."""
    return text == "" or value_of(text_cell(text)) != text


def metric_column(name: str) -> str:
    """The heading of a metric."""
    return text_cell(f"{PREFIX}{name}" if name in FIXED or name.startswith(PREFIX) else name)


def metric_name(column: str) -> str:
    """The metric of a heading."""
    return text_of(column).removeprefix(PREFIX)
