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

_OPTUNA = re.compile(
    rf"Trial (\d{{1,9}}) finished with values?: (\[?{F}(?:, {F}){{0,15}}\]?) and parameters: (\{{.{{0,8000}}?\}})\."
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


def _reading(values: Values, step: int | None = None, time: float | None = None) -> Reading:
    return Reading(form="trial", values=values, phase="valid", kind="eval", step=step, time=time)


def _objectives(text: str) -> Values:
    numbers = [float(number) for number in text.strip("[]").split(", ")]
    return tuple((f"value_{place}" if len(numbers) > 1 else "value", value) for place, value in enumerate(numbers))
