"""The first steps of one trial, really run, to see how long all of them will take. Nothing of it is kept."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.engine.estimate import Pace
from cockpit.engine.plan import Plan
from cockpit.engine.request import TrialRequest
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Step
from cockpit.events.tail import Tail
from cockpit.store.folder import TrialFolder

ENOUGH_STEPS = 10
ENOUGH_SECONDS = 5.0  # of stepping
PATIENCE = 60.0  # seconds until the first step, for imports and data
TICK_SECONDS = 0.05


@dataclass
class Seen:
    """What the trial did so far. Times are seconds on one clock; `built` and the others are None before."""

    asked: float
    total_steps: int = 0
    step_times: list[tuple[int, float]] = field(default_factory=list)  # step, and seconds since training began
    first_step: float | None = None
    evaluated: tuple[int, float] | None = None  # the step of the first evaluation, and how long it took
    over: float | None = None

    @property
    def is_enough(self) -> bool:
        """Whether more would not tell much more: an evaluation has been seen, or the time is up."""
        now = time.monotonic()
        if self.first_step is None:
            return now - self.asked > PATIENCE
        return now - self.first_step > ENOUGH_SECONDS or (
            len(self.step_times) >= ENOUGH_STEPS and self.evaluated is not None
        )


def measure(plan: Plan) -> Pace | None:
    """Run the first steps of the first configuration, a few seconds long; None when it came to no step."""
    config = plan.first_configs(1)[0]
    with tempfile.TemporaryDirectory(prefix="cockpit-estimate-") as name:
        folder = Path(name)
        request = TrialRequest(
            experiment="estimate",
            trial="t000",
            trainer=plan.search.trainer or "",
            config=plan.trial_config(config),
            folder=name,
            device=plan.device,
            threads=plan.share.threads,
        )
        with (folder / "warm.log").open("ab") as log, WarmParentProcess(plan.preload, log) as warm:
            try:
                seen = _watch(Trial(request, warm.socket_path), TrialFolder(folder))
            except ConnectionError:
                return None
    what = "the baseline" if plan.search.baseline else "one trial"
    return _pace(seen, what)


def _watch(trial: Trial, folder: TrialFolder) -> Seen:
    seen, tail = Seen(time.monotonic()), Tail(folder.events)
    try:
        while trial.outcome is None and not seen.is_enough:
            wait_for([trial], TICK_SECONDS)
            messages = trial.read()
            _note_steps(seen, tail)
            for message in messages:
                if message["say"] == "built":
                    seen.total_steps = message["total_steps"]
                elif seen.evaluated is None and seen.first_step is not None:
                    since = seen.first_step - seen.step_times[0][1]  # when training began
                    took = time.monotonic() - since - seen.step_times[-1][1]
                    seen.evaluated = (message["step"], max(0.0, took))
                if not seen.is_enough:  # or it would make steps that nobody waits for, some of which would count
                    trial.answer(True)
        if trial.outcome is not None and trial.outcome.status == "finished":
            seen.over = time.monotonic()
    finally:
        trial.kill()
    _note_steps(seen, tail)
    return seen


def _note_steps(seen: Seen, tail: Tail) -> None:
    for line in tail.lines():
        try:
            event = decode(line)
        except EventError:
            continue
        if isinstance(event, Step) and event.phase == "train" and event.time is not None:
            seen.first_step = seen.first_step or time.monotonic()
            seen.step_times.append((event.step, event.time))


def _pace(seen: Seen, what: str) -> Pace | None:
    if seen.first_step is None:
        return None
    start = seen.first_step - seen.asked
    steps = len(seen.step_times)
    if seen.over is not None:
        made = seen.total_steps // seen.evaluated[0] if seen.evaluated else 0
        return Pace(seen.over - seen.first_step, start, made, f"{what}, run to its end")
    (first, began), (last, ended) = seen.step_times[0], seen.step_times[-1]
    if last == first or not seen.total_steps:
        return None
    every, cost = seen.evaluated or (0, 0.0)
    passed = bool(every) and last > every  # then the steps' own times have it
    each = (ended - began - (cost if passed else 0.0)) / (last - first)
    evaluations = seen.total_steps // every if every else 0
    source = f"the first {steps} steps of {what}" + ("" if every else ", before its first evaluation")
    return Pace(seen.total_steps * each + evaluations * cost, start, evaluations, source)
