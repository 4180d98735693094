"""Run folders as a sweep writes them, made in a moment."""

import os
import socket

from cockpit.events.kinds import (
    Attempt,
    Built,
    Eval,
    Norms,
    Saved,
    Step,
    SweepEnded,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder
from cockpit.store.life import process_started

HILL = """\
name: hill
note: Where is the top?
trainer: toy
engine: local
method: bayes
metric: {name: score, goal: maximize}
parameters: {x: {min: -1.0, max: 1.0}, y: {min: -1.0, max: 1.0}, epochs: {value: 3}}
baseline: {x: 0.0, y: 0.0}
scheduler: asha
run_cap: 6
concurrent: 2
resources: {cpu: 0.5}
"""


class Recorder:
    """Writes the run folder `name`; this very process stands for the sweep's, so it counts as running until `end`."""

    def __init__(self, logs, name="exp001-hill", **fields):
        self.run = RunFolder(logs / name)
        self.run.trials.mkdir(parents=True)
        self.ledger = EventWriter(self.run.sweep)
        known = {
            "experiment": self.run.id,
            "search": name.partition("-")[2],
            "question": "Where is the top?",
            "trainer": "toy",
            "engine": "local",
            "metric": "score",
            "trials": 3,
            "varied": ["x"],
            "command": "cockpit sweep hill",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "at": 1_000_000.0,
            "environment": {"process_started": process_started(os.getpid())},
        }
        self.ledger.write(SweepStarted(**{**known, **fields}))

    def start(self, number, *, config=None, baseline=False, **fields):
        """A trial that runs. Returns the writer of its own file."""
        trial = f"t{number:03d}"
        self.run.trial(trial).path.mkdir(exist_ok=True)
        config = {"x": number / 10} if config is None else config
        at = 1_000_001.0 + number
        self.ledger.write(TrialStarted(trial=trial, config=config, baseline=baseline, seed=number, at=at, **fields))
        writer = EventWriter(self.run.trial(trial).events)
        writer.write(Attempt(device="cpu", at=at))
        writer.write(Built(effective=config, digest=f"digest{number}", total_steps=10))
        return writer

    def trial(self, number, scores=(), *, status="finished", reason="", error="", metric="score", **fields):
        """A whole trial: one step and one evaluation for each score."""
        writer = self.start(number, **fields)
        for step, score in enumerate(scores, start=1):
            writer.write(Step(epoch=step - 1, step=step, time=step / 2, metrics={"loss": 1.0 / step, "lr": 0.1}))
            writer.write(Eval(epoch=step - 1, step=step, time=0.5, metrics={metric: score, "loss": 1.0 / step}))
        self.finish(number, writer, status, reason, error)
        return self

    def finish(self, number, writer, status="finished", reason="", error=""):
        writer.close()
        trial, at = f"t{number:03d}", 1_000_005.0 + number
        self.ledger.write(TrialEnded(trial=trial, status=status, reason=reason, error=error, at=at))

    def end(self, status="finished", reason=""):
        """The sweep is over. Returns its run folder."""
        self.ledger.write(SweepEnded(status=status, reason=reason, at=1_000_060.0))
        self.ledger.close()
        return self.run


def every_kind(logs, name="exp001-hill"):
    """A finished run in which every kind of event occurs, with values that are not finite and lines that are none."""
    recorder = Recorder(logs, name)
    recorder.trial(0, [0.1, float("nan"), 0.3], baseline=True)
    writer = recorder.start(1)
    for step in range(1, 6):
        loss = {3: float("nan"), 4: float("inf")}.get(step, 1.0 / step)
        writer.write(Step(step=step, metrics={"loss": loss}))
        for group in ("body", "head"):
            writer.write(
                Norms(step=step, group=group, param_mean=2.0, grad_mean=step, grad_max=2.0 * step, nonfinite=1)
            )
    writer.write(Eval(step=5, metrics={"score": 0.5}))
    writer.write(Saved(path="best.pt", step=5, label="best"))
    writer.close()
    with recorder.run.trial("t001").events.open("ab") as file:
        file.write(b'{"kind":"weather","sky":"grey"}\n{"kind":"note","text":"hm"}\nnot an event\n[1, 2]\n')
        file.write(b'{"kind":"lost","count":3,"reason":"disk"}\n\n{"kind":"step","step":1')
    recorder.finish(1, EventWriter(recorder.run.trial("t001").events), "pruned", "asha rung 1: 0.5 < 0.6 (2nd of 2)")
    return recorder.end()
