"""Child of `sentences`: trains with the trainer's defaults and leaves each step's share of waiting.

`python -m tests.bench.sentence_wait FOLDER STEPS`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from trainers import sentences
from trainers.configs.sentences import SentencesConfig
from trainers.contract import Step
from trainers.devices.cpu import CpuDevice

from .child import leave_result
from .encoder import THREADS


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    device = CpuDevice()
    device.setup(threads=THREADS)
    events = sentences.train(SentencesConfig(), device)
    waits: list[float] = []
    while len(waits) < count:
        event = next(events)
        if isinstance(event, Step):
            waits.append(event.metrics["wait"])
    events.close()
    leave_result(folder, wait=waits)


if __name__ == "__main__":
    main()
