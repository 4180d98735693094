"""`Train Step 50, loss: …` and `[RESULT]: Validation. Epoch: 1, …`: the lines of the toxicity trainer and of our own.

What is special about them: `Step 0` with nothing but zeros is a placeholder and dropped. The comma after `lr` may be
missing. A line that ends in `,` or `:` goes on with the next one. Epochs count from 1. A step counter that begins
again at 0 after a validation result is a fine-tuning on the validation set, phase `tune`, as often as it happens:
nobody may take it for training. Eight TPU workers may print the same line: the first counts.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from cockpit.printed.names import phase_of
from cockpit.printed.numbers import NUMBER, count
from cockpit.printed.reading import Reading, Values
from cockpit.printed.timeline import Timeline

_STEP = re.compile(r"([A-Za-z]\w{0,40}) Step (\d{1,15})(?=,)")
_RESULT = re.compile(r"\[RESULT\]: (\w{1,40})\. Epoch: (\d{1,15})(?=,)")
_PAIR = re.compile(rf"(?:,\s*|(?<=[\d\s]))([^\s,:][^,:]{{0,80}}?):\s*({NUMBER})", re.IGNORECASE)
_TIME = re.compile(rf"\btime:\s*({NUMBER})\s*$")
_KNOWN = ("train", "valid", "test", "predict", "tune", "tune_train", "tune_valid")
_NOT_METRICS = ("time", "bs")
_WORKERS = 256  # steps that a worker may be behind the first


def read(text: str) -> Reading | None:
    """A step or a result line."""
    found = _RESULT.match(text)
    if found:
        return _reading("result", found, text, phase=phase_of(found[1]), kind="eval", epoch=count(found[2]))
    found = _STEP.match(text)
    if not found:
        return None
    phase = phase_of(found[1])
    if phase not in _KNOWN and not _TIME.search(text, max(len(text) - 60, 0)):
        return None
    return _reading("step", found, text, phase=phase, kind="step", step=count(found[2]))


def _reading(
    form: str, found: re.Match[str], text: str, *, phase: str, kind: str, step: int | None = None,
    epoch: int | None = None,
) -> Reading | None:  # fmt: skip
    pairs = [(name, float(value)) for name, value in _PAIR.findall(text, found.end())]
    if not pairs:
        return None
    time = next((value for name, value in pairs if name == "time"), None)
    values: Values = tuple(pair for pair in pairs if pair[0] not in _NOT_METRICS)
    return Reading(
        form=form,
        values=values,
        phase=phase,
        step=step,
        epoch=epoch,
        from_one=True,
        time=time,
        kind=kind,
        training=True,
    )


def is_unfinished(text: str) -> bool:
    """Whether the line plainly goes on in the next one."""
    return text.endswith((",", ":")) and (_RESULT.match(text) or _STEP.match(text)) is not None


class StepLines:
    """Knows which training, tuning or repetition a line belongs to."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._steps: deque[int] = deque(maxlen=_WORKERS)
        self._highest = 0  # of these, and of those that fell out of them
        self._results: set[tuple[str, int | None]] = set()
        self._epoch: int | None = None  # of the steps after the last result
        self._result_since = False
        self._validated = False
        self._tuned = -1  # how often the tuning has begun, less one

    def settle(self, reading: Reading) -> Reading | None:
        """The reading with its true phase and epoch; None for a placeholder and for what another worker printed."""
        if reading.form == "result":
            return self._result(reading)
        settled = self._train_step(reading) if reading.phase == "train" else reading
        return (
            settled
            if settled is None or settled.epoch is not None
            else replace(settled, epoch=self._epoch, from_one=False)
        )

    @property
    def phase(self) -> str:
        """The phase of training steps that go on."""
        return "tune" if self._tuned >= 0 else "train"

    def may_advance(self, step: int) -> bool:
        """Whether a training step is beyond all that are remembered, so that it neither repeats nor begins again."""
        return step > self._highest

    def advance(self, steps: Sequence[int]) -> int | None:
        """Note steps that grow, of which the first may advance; the epoch that they are in, None for the last named."""
        self._steps.extend(steps[-_WORKERS:])
        self._highest = steps[-1]
        self._result_since = False
        self._results.clear()
        return self._tuned if self._tuned >= 0 else self._epoch

    def _result(self, reading: Reading) -> Reading | None:
        key = (reading.phase or "", reading.epoch)
        if key in self._results:
            return None
        if len(self._results) == _WORKERS:
            self._results.clear()
        self._results.add(key)
        self._result_since = True
        self._validated = self._validated or reading.phase == "valid"
        if reading.phase == "train":
            self._tuned, self._validated = -1, False
        epoch = self._timeline.enter(reading)
        if reading.phase in ("train", "valid"):
            self._epoch = epoch + 1
        return reading

    def _train_step(self, reading: Reading) -> Reading | None:
        step = reading.step or 0
        if self._begins_again(step):
            self._begin(step)
        elif step in self._steps:
            return None
        self._steps.append(step)
        self._highest = max(self._highest, step)
        if step == 0 and not any(value for name, value in reading.values if name != "lr"):
            return None
        self._result_since = False
        self._results.clear()
        return replace(reading, phase="tune", epoch=self._tuned, from_one=False) if self._tuned >= 0 else reading

    def _begins_again(self, step: int) -> bool:
        if not self._steps:
            return step == 0 and self._validated
        last = self._steps[-1]
        if step == 0:
            return last > 0
        return step <= last and (self._result_since or step not in self._steps)

    def _begin(self, step: int) -> None:
        if step == 0 and (self._validated or self._tuned >= 0):
            self._tuned += 1
        self._validated = False
        self._steps.clear()
        self._highest = 0
        self._timeline.restart()
