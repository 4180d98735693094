"""Child of `many_trials`: one sweep of the toy on the local engine; leaves its pace and its memory.

`python -m tests.bench.many FOLDER TRIALS`. Ten evaluations a trial, two trials at once, nothing proposed by results: a
sampler's own work grows with what it knows, which is not what is asked here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cockpit.engine.plan import make_plan
from cockpit.engine.sweep import Job, run_sweep
from cockpit.events.codec import decode
from cockpit.events.kinds import TrialStarted
from cockpit.search.reader import loads
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow

from .child import leave_result

SEARCH = """
name: many
trainer: toy
method: random
engine: local
metric: {{name: score, goal: maximize}}
parameters: {{x: {{min: -1.0, max: 1.0}}, epochs: {{value: 10}}, steps: {{value: 2}}}}
scheduler: asha
early_terminate: {{type: asha, min_iter: 10}}
run_cap: {trials}
concurrent: 2
resources: {{cpu: 1, gpu: 0}}
"""


class Memory:
    """A view that notes this process's memory once a tenth of the trials has begun."""

    def __init__(self, early: int) -> None:
        self.early_bytes = 0
        self._early = early

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if not self.early_bytes and len(trials) >= self._early:
            self.early_bytes = resident()


def resident() -> int:
    """Bytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def starts(run: RunFolder) -> list[float]:
    events = map(decode, run.sweep.read_bytes().splitlines())
    return [event.at for event in events if isinstance(event, TrialStarted)]


def main() -> None:
    folder, trials = Path(sys.argv[1]), int(sys.argv[2])
    memory = Memory(trials // 10)
    plan = make_plan(loads(SEARCH.format(trials=trials), folder / "many.yaml"), device="cpu")
    run, _ = run_sweep(Job(plan, folder / "logs", "bench"), lambda *_: memory, lambda _: None)
    begun = starts(run)
    if len(begun) != trials:
        raise SystemExit(f"{len(begun)} of {trials} trials were started")
    hundred = min(100, trials // 2)
    first, last = begun[hundred] - begun[0], begun[-1] - begun[-1 - hundred]
    leave_result(folder, first=first, last=last, hundred=hundred, rss_early=memory.early_bytes, rss_end=resident())


if __name__ == "__main__":
    main()
