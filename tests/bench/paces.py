"""Child of `options`: trains one trainer in several ways, one after the other, on the data built into the package.

`python -m tests.bench.paces FOLDER DEVICE TRAINER SECONDS` leaves the steps a second of each way, and the last line of
what broke. A way with a setting that the trainer does not have is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cockpit.events.text import one_line
from trainers import registry
from trainers.contract import Eval, Events, Step, Trainer
from trainers.devices.base import Device
from trainers.devices.select import select

from .child import leave_result

WAYS: Mapping[str, Mapping[str, object]] = {
    "fp32": {},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16"},
    "bf16, compiled": {"precision": "bf16", "compile": True},
    "bf16, channels last": {"precision": "bf16", "channels_last": True},
    "bf16, no fused optimizer": {"precision": "bf16", "fused": False},
}
COMMON = {"epochs": 1000, "norms_every": 10, "log_every": 1}
WARM_UP = 20  # steps, in which kernels are chosen and networks compiled


def main() -> None:
    folder, kind, name, seconds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
    trainer, device = registry.find(name), select(kind)
    device.setup()
    known = registry.fields(trainer)
    paces, errors = {}, {}
    for way, settings in WAYS.items():
        if not known.keys() >= settings.keys():
            continue
        try:
            paces[way] = pace(trainer, settings, device, seconds)
        except Exception as error:  # what one way does not run with says nothing about the others
            errors[way] = one_line(f"{type(error).__name__}: {error}", 120)
    leave_result(folder, paces=paces, errors=errors)


def pace(trainer: Trainer, settings: Mapping[str, object], device: Device, seconds: float) -> float:
    """Steps a second, evaluations and the first steps left out. Raises `InputError`."""
    config = registry.build_config(trainer, {**COMMON, **settings})
    events: Events = registry.load_recipe(trainer)(config, device)
    try:
        return _pace(events, seconds)
    finally:
        events.close()


def _pace(events: Events, seconds: float) -> float:
    steps, spent = 0, 0.0
    before: Step | None = None
    for event in events:
        if isinstance(event, Eval):
            before = None  # the time until the next step is not its own
        if not isinstance(event, Step) or event.step < WARM_UP:
            continue
        if before is not None:
            steps += event.step - before.step
            spent += event.time - before.time
        if spent >= seconds:
            break
        before = event
    return steps / spent


if __name__ == "__main__":
    main()
