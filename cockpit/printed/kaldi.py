"""The objective function of a network, as Kaldi's `nnet3-train` and its relatives print it; higher is better.

    LOG (nnet3-train[5.5]:…) Average objective function for 'output' for minibatches 0-9 is -1.2 over 5120 frames.
    LOG (nnet3-train[5.5]:…) Overall average objective function for 'output' is -1.1 over 20480 frames.

Where a regularizer adds to it, three numbers stand there: `-0.5 + -0.1 = -0.6`. All of it is of the training data.
"""

from __future__ import annotations

import re

from cockpit.printed.numbers import NUMBER as F
from cockpit.printed.reading import Reading

_PROGRAM = r"LOG \([\w.-]{1,60}(?:\[[^\[\]]{1,60}\])?:\w{1,60}\(\):[\w.-]{1,60}:\d{1,9}\) "
_OUTPUT = r"for '(?P<output>[\w.-]{1,40})"
_VALUE = rf"is (?P<own>{F})(?: \+ (?P<regularizer>{F}) = (?P<both>{F}))? over (?P<frames>{F}) frames\.$"
_PART = re.compile(
    rf"{_PROGRAM}Average objective function {_OUTPUT}"
    rf"(?:' for minibatches|'? using \d{{1,12}} minibatches in {{1,2}}minibatch range) \d{{1,12}}-(?P<last>\d{{1,12}}) "
    rf"{_VALUE}"
)
_WHOLE = re.compile(rf"{_PROGRAM}Overall average objective function {_OUTPUT}' ?{_VALUE}")


def read(text: str) -> Reading | None:
    """What was reached in some minibatches, or in all of them; a step is the number of minibatches until then."""
    if found := _PART.match(text):
        return _reading("objective", found, step=int(found["last"]) + 1)
    if found := _WHOLE.match(text):
        return _reading("overall_objective", found)
    return None


def _reading(name: str, found: re.Match[str], step: int | None = None) -> Reading:
    both = found["both"]
    parts = {name: both or found["own"], f"{name}_alone": both and found["own"]}
    parts |= {f"{name}_regularizer": found["regularizer"], "frames": found["frames"]}
    # Every network has an output of this name; what others add to it has names of its own.
    of = "" if found["output"] == "output" else f"/{found['output']}"
    values = tuple((f"{part}{of}", float(value)) for part, value in parts.items() if value)
    return Reading(form="kaldi", values=values, phase="train", kind="step", step=step)
