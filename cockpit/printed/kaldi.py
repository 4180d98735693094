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
_VALUE = rf"is ({F})(?: \+ ({F}) = ({F}))? over ({F}) frames\.$"
_PART = re.compile(
    rf"{_PROGRAM}Average objective function for '([\w.-]{{1,40}})"
    rf"(?:' for minibatches|'? using \d{{1,12}} minibatches in {{1,2}}minibatch range) \d{{1,12}}-(\d{{1,12}}) {_VALUE}"
)
_WHOLE = re.compile(rf"{_PROGRAM}Overall average objective function for '([\w.-]{{1,40}})' ?{_VALUE}")
_OUTPUT = "output"  # what a network has to have; others have names of their own


def read(text: str) -> Reading | None:
    """What was reached in some minibatches, or in all of them; a step is the number of minibatches until then."""
    if found := _PART.match(text):
        return _reading("objective", found[1], found[3], found[4], found[5], found[6], step=int(found[2]) + 1)
    if found := _WHOLE.match(text):
        return _reading("overall_objective", *found.groups())
    return None


def _reading(
    name: str, output: str, own: str, regularizer: str | None, both: str | None, frames: str, step: int | None = None
) -> Reading:
    parts = {name: both or own, f"{name}_alone": own if both else None, f"{name}_regularizer": regularizer}
    of = "" if output == _OUTPUT else f"/{output}"
    values = tuple((f"{part}{of}", float(value)) for part, value in {**parts, "frames": frames}.items() if value)
    return Reading(form="kaldi", values=values, phase="train", kind="step", step=step)
