"""Lines of searches that tell how a whole trial ended: Optuna's, and those of scikit-learn's searches.

`Trial 3 finished with value: 0.9 and parameters: {'lr': 0.1}. Best is …` and `[CV 2/5] END C=1, gamma=2;, score=0.9
total time=   0.1s`, of which those with the same parameters are one trial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cockpit.events.text import one_line
from cockpit.printed import settings_lines
from cockpit.printed.numbers import PLAIN as F
from cockpit.printed.reading import Reading, Values

OBJECTIVE = "value"  # what a study of Optuna judges its trials by
_OPTUNA = re.compile(
    rf"Trial (\d{{1,9}}) finished with values?: (\[?{F}(?:, {F}){{0,15}}\]?) and parameters: (\{{.{{0,8000}}?\}})\."
)
_BEST = re.compile(
    rf"Trial \d{{1,9}} finished with value: ({F}) and parameters: \{{.{{0,8000}}?\}}\. "
    rf"Best is trial \d{{1,9}} with value: ({F})"
)
_SCORES = r"(?:\w{1,60}[=:] ?\(?(?:train=[^,()]{1,40}, test=|test=)?[^\s,()]{1,40}\)? ){1,16}"
_CROSS_VALIDATED = re.compile(
    rf"\[CV (\d{{1,6}})/\d{{1,6}}(?:; \d{{1,9}}/\d{{1,9}})?\] END \.{{0,400}}+ ?(.{{0,2000}}?);, "
    rf"({_SCORES})total time= {{0,8}}({F})(s|min)$"
)
_SCORE = re.compile(rf"(\w{{1,60}})[=:] ?\(?(?:train=[^,()]{{1,40}}, )?(?:test=)?({F})")
_PARAMETER = re.compile(r"(\w{1,80})=([^,]{1,200})")


class TrialLine(NamedTuple):
    """The trial that a line is of, its parameters, and what the line says."""

    label: str
    config: Mapping[str, Any]
    reading: Reading


def read(text: str) -> TrialLine | None:
    """A line of one of these."""
    if text.startswith("Trial ") and (found := _OPTUNA.match(text)):
        return TrialLine(f"trial {found[1]}", settings_lines.read(found[3]), _reading(_objectives(found[2])))
    if text.startswith("[CV ") and (found := _CROSS_VALIDATED.match(text)):
        values = tuple((name, float(value)) for name, value in _SCORE.findall(found[3]))
        config = {name: settings_lines.value_of(value.strip()) for name, value in _PARAMETER.findall(found[2])}
        time = float(found[4]) * (60 if found[5] == "min" else 1)
        return TrialLine(one_line(found[2])[:80], config, _reading(values, step=int(found[1]), time=time))
    return None


def goal_of(text: str) -> str:
    """Which way a study of Optuna is better, by the best value so far that each of its lines names; "" where none does.

    The best so far is not the value of its line, or it took the place of another one: two trials with two values tell.
    """
    before = None
    for line in _BEST.finditer(text):
        value, best = float(line[1]), float(line[2])
        other = value if value != best else before
        if other is not None and other != best:
            return "maximize" if best > other else "minimize"
        before = best
    return ""


def _reading(values: Values, step: int | None = None, time: float | None = None) -> Reading:
    return Reading(form="trial", values=values, phase="valid", kind="eval", step=step, time=time)


def _objectives(text: str) -> Values:
    numbers = [float(number) for number in text.strip("[]").split(", ")]
    return tuple(
        (f"{OBJECTIVE}_{place}" if len(numbers) > 1 else OBJECTIVE, value) for place, value in enumerate(numbers)
    )
