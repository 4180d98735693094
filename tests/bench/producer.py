"""A process that writes a sweep as fast as it is told to, and keeps its index, as a real sweep's process does:
`python -m tests.bench.producer LOGS TRIALS EVENTS_A_SECOND SECONDS METRICS`.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path

from cockpit.events.kinds import Attempt, Built, Eval, Step, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.life import process_started
from cockpit.store.summary import write_summary

NAME = "exp001-stream"
TICK_SECONDS = 0.02  # between two groups of events
INDEX_SECONDS = 0.25  # as a sweep's observer does
METRICS = ("loss", "lr", "score", *(f"metric{number:02d}" for number in range(17)))


class Stream:
    """Trials that all step at the same pace."""

    def __init__(self, logs: Path, trials: int, metrics: int) -> None:
        self.run = RunFolder(logs / NAME)
        self.run.trials.mkdir(parents=True)
        self._metrics = METRICS[:metrics]
        self._ledger = EventWriter(self.run.sweep)
        self._ledger.write(_started(trials))
        self._writers = [self._trial(number) for number in range(trials)]
        self.step = 0

    def _trial(self, number: int) -> EventWriter:
        trial, config = f"t{number:03d}", {"x": number / 10}
        self.run.trial(trial).path.mkdir()
        self._ledger.write(TrialStarted(trial=trial, config=config, baseline=number == 0, at=time.time()))
        writer = EventWriter(self.run.trial(trial).events)
        writer.write(Attempt(device="cpu", at=time.time()))
        writer.write(Built(effective=config, digest=trial))
        return writer

    def advance(self, steps: int) -> None:
        """So many steps of every trial."""
        for _ in range(steps):
            self.step += 1
            for number, writer in enumerate(self._writers):
                value = 1.0 / (self.step + 100 * number)
                writer.write(Step(step=self.step, metrics=dict.fromkeys(self._metrics, value)))
                if self.step % 1000 == 0:
                    writer.write(Eval(step=self.step, metrics={"score": value}))

    def end(self) -> None:
        for number, writer in enumerate(self._writers):
            writer.close()
            self._ledger.write(TrialEnded(trial=f"t{number:03d}", status="finished", at=time.time()))
        self._ledger.write(SweepEnded(status="finished", at=time.time()))
        self._ledger.close()


def _started(trials: int) -> SweepStarted:
    return SweepStarted(
        experiment="exp001",
        search="stream",
        question="How fast?",
        trainer="toy",
        engine="local",
        metric="score",
        trials=trials,
        varied=["x"],
        host=socket.gethostname(),
        pid=os.getpid(),
        at=time.time(),
        environment={"process_started": process_started(os.getpid())},
    )


def main() -> None:
    logs, trials, rate, duration, metrics = sys.argv[1:]
    stream = Stream(Path(logs), int(trials), int(metrics))
    over = threading.Event()
    with Indexer(stream.run) as indexer:
        indexer.sync()
        write_summary(stream.run)

        def index() -> None:
            while not over.wait(INDEX_SECONDS):
                indexer.sync()

        thread = threading.Thread(target=index)
        thread.start()
        began = time.perf_counter()
        while (elapsed := time.perf_counter() - began) < float(duration):
            stream.advance(int(elapsed * float(rate)) - stream.step)
            time.sleep(TICK_SECONDS)
        stream.end()
        over.set()
        thread.join()
        indexer.sync()
    write_summary(stream.run)
    print(stream.step)


if __name__ == "__main__":
    main()
