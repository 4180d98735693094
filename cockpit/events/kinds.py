"""The kinds of events. A run folder is files of these, one JSON object a line.

`sweep.jsonl` holds the life of the sweep and its trials (`SweepStarted`, `SweepStatus`, `TrialStarted`, `TrialPaused`,
`TrialEnded`, `Answered`, `SweepEnded`); a trial's `events.jsonl` holds what the trial itself did (`Attempt`, `Built`,
`Step`, `Eval`, `Norms`, `Saved`, `Steered`, `Note`, `Lost`). Times named `at` are seconds since 1970, durations are
seconds. Each kind keeps keys that it
does not know in `extra` (`metrics` for steps and evaluations), so that newer or foreign writers lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

NAN = float("nan")
STEP_TIMES = ("data", "compute", "optimizer", "record")  # what the seconds of a training step are spent on
Values = Mapping[str, Any]


# A field that is left out of the record where it has nothing to say.
SELDOM = {"seldom": True}


def _none() -> Values:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStarted:
    kind: ClassVar[str] = "sweep_started"
    experiment: str
    search: str
    question: str = ""
    trainer: str = ""
    data: str = ""
    engine: str = ""
    metric: str = ""
    goal: str = "maximize"
    trials: int | None = None
    varied: list[str] = field(default_factory=list)
    command: str = ""
    device: str = ""
    host: str = ""
    pid: int = 0
    at: float = 0.0
    environment: Values = field(default_factory=_none)
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStatus:
    """The sweep is `queued`, or `running` from now on: after its time in the queue, or once more after an end.

    `pid` and `host` are those of the process that runs it now; 0 leaves them as they were. `extra` may tell another
    number of `trials`, or another `metric` and `goal`.
    """

    kind: ClassVar[str] = "sweep_status"
    status: str
    reason: str = ""
    command: str = ""
    host: str = ""
    pid: int = 0
    at: float = 0.0
    environment: Values = field(default_factory=_none)
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStarted:
    """An attempt at a trial begins; the first attempt is 1. `checkpoint` is the file that a later one goes on from."""

    kind: ClassVar[str] = "trial_started"
    trial: str
    config: Values = field(default_factory=_none)
    baseline: bool = False
    seed: int = 0
    attempt: int = 1
    checkpoint: str = ""
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPaused:
    """An attempt is over and the trial is not: another attempt may follow.

    `status` is `paused` (until somebody resumes it) or `waiting` (its next attempt is due); `error` says what ended
    the attempt where it failed. `step` is the last one that was recorded.
    """

    kind: ClassVar[str] = "trial_paused"
    trial: str
    status: str = "paused"
    attempt: int = 1
    step: int = 0
    reason: str = ""
    error: str = ""
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded:
    """Why a trial is over. `rule … of` are set when an early-stop rule decided, `error` when it failed."""

    kind: ClassVar[str] = "trial_ended"
    trial: str
    status: str
    attempt: int = 1
    reason: str = ""
    rule: str = ""
    evaluation: int = 0
    value: float = NAN
    threshold: float = NAN
    rank: int = 0
    of: int = 0
    error: str = ""
    traceback: str = ""
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a command to the sweep: `accepted` while it is on its way, then `done`, or `refused` and why.

    `command` is the id of the command; a later answer with the same id takes the place of an earlier one. `trial` is
    empty when the whole sweep was meant.
    """

    kind: ClassVar[str] = "answered"
    command: str
    name: str
    trial: str = ""
    settings: Values = field(default_factory=_none)
    who: str = ""
    state: str = "done"
    text: str = ""
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEnded:
    kind: ClassVar[str] = "sweep_ended"
    status: str
    reason: str = ""
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A process began to work on this trial."""

    kind: ClassVar[str] = "attempt"
    attempt: int = 1
    host: str = ""
    pid: int = 0
    device: str = ""
    threads: int = 0
    at: float = 0.0
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The effective configuration, read back from the built objects, and its digest.

    `trivial` are scores, by metric, of answers that take no model. `frozen` are the tensors that are not trained: how
    many, `of` how many, and the `names` of a few.

    `step` is the one that the attempt goes on after: whatever an earlier attempt recorded beyond it has not happened.
    """

    kind: ClassVar[str] = "built"
    effective: Values = field(default_factory=_none)
    digest: str = ""
    total_steps: int = 0
    step: int = 0
    groups: list[str] = field(default_factory=list)
    trivial: Values = field(default_factory=_none)
    frozen: Values = field(default_factory=_none, metadata=SELDOM)
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`step_times` are the seconds of one step, the mean over those since the logged one before, by `STEP_TIMES`."""

    kind: ClassVar[str] = "step"
    phase: str = "train"
    epoch: int = 0
    step: int = 0
    time: float | None = None
    metrics: Values = field(default_factory=_none)
    step_times: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eval:
    kind: ClassVar[str] = "eval"
    phase: str = "valid"
    epoch: int = 0
    step: int = 0
    time: float | None = None
    metrics: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Norms:
    """Norms of one parameter group, or of another row of tensors, at one step, over the L2 norms of its tensors.

    `largest` is the tensor with the gradient of `grad_max`. `zero` counts trained tensors without a gradient, or with
    one of zeros; `unchanged` those with a gradient that the step left as they were. `names` has, under these words and
    `nonfinite`, the names of the first few that they count.
    """

    kind: ClassVar[str] = "norms"
    step: int = 0
    group: str = ""
    param_mean: float = NAN
    param_std: float = NAN
    grad_mean: float = NAN
    grad_std: float = NAN
    grad_max: float = NAN
    nonfinite: int = 0
    update_ratio: float = NAN
    largest: str = field(default="", metadata=SELDOM)
    zero: int = field(default=0, metadata=SELDOM)
    unchanged: int = field(default=0, metadata=SELDOM)
    names: Values = field(default_factory=_none, metadata=SELDOM)
    extra: Values = field(default_factory=_none)

    @classmethod
    def of(cls, step: int, row: Any) -> Norms:
        """The event of one row of a norm table, whose columns have the names of these fields."""
        return cls(step=step, **{name: getattr(row, name) for name in row.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    kind: ClassVar[str] = "saved"
    path: str = ""
    step: int = 0
    label: str = ""
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """A setting was changed while the trial ran; the first step with the new value is the one after `step`."""

    kind: ClassVar[str] = "steered"
    step: int = 0
    settings: Values = field(default_factory=_none)
    who: str = ""
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line of text. Where it tells which tensors are not trained, `frozen` has them as `Built` does."""

    kind: ClassVar[str] = "note"
    text: str = ""
    at: float = 0.0
    frozen: Values = field(default_factory=_none, metadata=SELDOM)
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """`count` events before this one could not be written, `reason` says why."""

    kind: ClassVar[str] = "lost"
    count: int = 0
    reason: str = ""
    extra: Values = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An object of a kind that this version does not know, or whose fields do not fit their kind."""

    kind: str
    data: Values


Event = (
    SweepStarted
    | SweepStatus
    | TrialStarted
    | TrialPaused
    | TrialEnded
    | Answered
    | SweepEnded
    | Attempt
    | Built
    | Step
    | Eval
    | Norms
    | Saved
    | Steered
    | Note
    | Lost
    | Unknown
)

KINDS: tuple[type[Any], ...] = (
    SweepStarted,
    SweepStatus,
    TrialStarted,
    TrialPaused,
    TrialEnded,
    Answered,
    SweepEnded,
    Attempt,
    Built,
    Step,
    Eval,
    Norms,
    Saved,
    Steered,
    Note,
    Lost,
)
