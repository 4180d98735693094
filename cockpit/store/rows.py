"""What readers of an index get: plain frozen rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cockpit.events.frozen import frozen_text

NOT_OVER = ("running", "paused", "waiting")  # statuses of a trial that may still do something
ENDED_EARLY = ("interrupted", "stopped", "failed")  # statuses of a sweep that may be taken up again
BLEND = "blend"  # stands for trainer and engine of a merge of experiments, which trains nothing
REPLAY = "replay"  # the engine of a recording that is played once more
IMPORT = "import"  # the engine of a record that was made of what others had written
TAKEN_UP_BY = ("local", "ray")  # engines that can; a replay trains nothing


@dataclass(frozen=True, slots=True)
class SweepRow:
    """The experiment as a whole. Times are seconds since 1970; `question` is the search's note."""

    experiment: str
    search: str
    question: str
    trainer: str
    data: str
    engine: str
    metric: str
    goal: str
    status: str
    reason: str
    trials: int | None
    varied: list[str]
    command: str
    host: str
    pid: int
    environment: Mapping[str, Any]
    started: float | None
    ended: float | None
    extra: Mapping[str, Any]

    @property
    def confirm(self) -> int:
        """How many pairs of winner and baseline were to run at the end."""
        return self._count("confirm", 0)

    @property
    def seeds(self) -> int:
        """On how many seeds every configuration ran."""
        return self._count("seeds", 1)

    @property
    def is_imported(self) -> bool:
        """Whether it ran elsewhere: how it was seeded, what was varied on purpose and often when it ran is unknown."""
        return self.engine == IMPORT

    def _count(self, key: str, default: int) -> int:
        found = self.extra.get(key, default)
        return found if isinstance(found, int) else default

    @property
    def can_go_on(self) -> bool:
        """Whether `cockpit sweep --resume` has something to take up."""
        return self.status in ENDED_EARLY and self.engine in TAKEN_UP_BY


class TrialRow(NamedTuple):
    """One trial. `best` and `last` are values of the sweep's metric on ranked evaluations, None before the first.

    `best_metrics` are all metrics of the evaluation that was best; `steps` is the last training step; `changed` is the
    number of the look at the run folder that last brought something of it. `extra` is what its start says beyond the
    other columns.
    """

    id: str
    status: str
    baseline: bool
    reason: str
    rule: str
    error: str
    traceback: str
    seed: int
    attempt: int
    config: Mapping[str, Any]
    effective: Mapping[str, Any]
    extra: Mapping[str, Any]
    digest: str
    device: str
    total_steps: int
    changed: int
    started: float | None
    ended: float | None
    best: float | None
    best_step: int | None
    best_metrics: Mapping[str, float]
    last: float | None
    evaluations: tuple[float | None, ...]
    steps: int
    epochs: int

    @property
    def settings(self) -> dict[str, Any]:
        """The effective configuration, and what was wanted where nothing was read back."""
        return {**self.config, **self.effective}

    @property
    def label(self) -> str:
        """What its author calls it, where it was imported; else empty."""
        return str(self.extra.get("label") or "")

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it; a trial that is paused or waits for its next attempt is not over."""
        return self.status not in NOT_OVER

    @property
    def repeat_of(self) -> str:
        """The trial whose configuration this one runs on another seed, as the search asks of every configuration."""
        return str(self.extra.get("repeat_of", ""))

    @property
    def confirms(self) -> str:
        """The winner or the baseline, if this is one more run of it after the search."""
        return str(self.extra.get("confirms", ""))

    @property
    def is_searched(self) -> bool:
        """Whether it tries a configuration of its own."""
        return not (self.repeat_of or self.confirms)

    @property
    def purpose(self) -> str:
        """Whose configuration it runs once more; empty for a trial that was searched."""
        if self.is_searched:
            return ""
        return f"{f'confirms {self.confirms}' if self.confirms else f'repeats {self.repeat_of}'} on seed {self.seed}"

    @property
    def ending(self) -> str:
        """Why it ended in one phrase, or why it does not run now, after what it is for; empty while it runs."""
        told = self.reason or self.error or ("" if self.status == "running" else self.status)
        return ", ".join(filter(None, (self.purpose, told)))

    @property
    def seconds(self) -> float | None:
        """Wall time of the trial, pauses included; 0 where the clock was set back meanwhile."""
        return None if self.started is None or self.ended is None else max(0.0, self.ended - self.started)

    @property
    def has_device(self) -> bool:
        """Whether it ran on something worth naming: a trainer without torch runs on `none`."""
        return self.device not in ("", "none")


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What a person asked of the running sweep. `state` is `accepted`, `done` or `refused`, `text` says more."""

    id: str
    name: str
    trial: str
    settings: Mapping[str, Any]
    who: str
    state: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class StepRow:
    """One logged step or evaluation with all its values, NaN included.

    `times` are the seconds of one step by what they were spent on, see `STEP_TIMES`; empty where nobody said.
    """

    kind: str
    phase: str
    epoch: int
    step: int
    time: float | None
    metrics: Mapping[str, float]
    times: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NormRow:
    """Norms of one parameter group, or of another row of tensors, at one step; see `cockpit.events.kinds.Norms`."""

    step: int
    group: str
    param_mean: float
    param_std: float
    grad_mean: float
    grad_std: float
    grad_max: float
    nonfinite: int
    update_ratio: float
    largest: str = ""
    zero: int = 0
    unchanged: int = 0
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """How many of a trial's tensors are not trained, `of` how many, and the names of a few; none without news of it."""

    tensors: int = 0
    of: int = 0
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words of `frozen_text`; empty where all are trained."""
        return frozen_text(self.tensors, self.of, self.names) if self.tensors else ""


@dataclass(frozen=True, slots=True)
class NormSummary:
    """Norms of one parameter group over all logged steps of a trial."""

    group: str
    rows: int
    param_mean: float
    grad_mean: float
    grad_max: float
    nonfinite: int
    update_ratio: float


def resting_text(trials: Iterable[TrialRow]) -> str:
    """How many trials are not over although they do not run: `1 paused, 2 waiting`; empty where there are none."""
    statuses = [trial.status for trial in trials]
    counts = {status: statuses.count(status) for status in NOT_OVER if status != "running"}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)
