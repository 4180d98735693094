"""Profiles training steps with torch.profiler: `python -m trainers.profiling < request > answer`.

A request has `trainer`, its `config`, a `device`, `threads`, the number of `steps` and the `path` of the trace to be
written. The answer has the `seconds` that the steps took, and for each operator that took time by itself its `name`,
its `calls`, and its `host` and `device` seconds. The trace is one that chrome://tracing and Perfetto open.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile, record_function

from trainers.building import batches_of, build_task, stepping
from trainers.child import Answer, answer

WARM_UP = 3  # steps that allocate, compile and choose kernels
MICRO = 1e-6
# What a step consists of, by the names in the trace, and what the time is called that no operator in it took.
BATCH, STEP = "## batch", "## step"
BETWEEN = {BATCH: "(batch, outside operators)", STEP: "(step, outside operators)"}


def profiled(request: Mapping[str, Any]) -> Answer:
    """What a request asks for. Raises `InputError` for what cannot be built."""
    task, device = build_task(request)
    task.model.train()
    make_step = stepping(task, device)
    with closing(batches_of(task)) as batches:
        for batch in islice(batches, WARM_UP):
            device.read([make_step(batch)])
        with profile(activities=_activities()) as found:
            began = time.perf_counter()
            for _ in range(request["steps"]):
                with record_function(BATCH):
                    batch = next(batches)
                with record_function(STEP):
                    loss = make_step(batch)
                device.step_end()
            device.read([loss])
            seconds = time.perf_counter() - began
    found.export_chrome_trace(request["path"])
    return {"device": device.describe(), "seconds": seconds, "operators": _operators(found)}


def _activities() -> list[ProfilerActivity]:
    """The host, and what accelerators this build of torch can look at."""
    there = {ProfilerActivity.CPU: True, ProfilerActivity.CUDA: torch.cuda.is_available()}
    return [activity for activity, is_there in there.items() if is_there]


def _operators(found: profile) -> list[Answer]:
    """Each operator with the time that it took by itself, without what it called; the slowest first."""
    rows = [
        {
            "name": BETWEEN.get(str(event.key), str(event.key)),
            "calls": int(event.count),
            "host": event.self_cpu_time_total * MICRO,
            "device": event.self_device_time_total * MICRO,
        }
        for event in found.key_averages()
        # Kernels have rows of their own, beside those of the operators that started them, which have their time too.
        if event.device_type.name == "CPU"
    ]
    rows = [row for row in rows if row["host"] or row["device"]]
    return sorted(rows, key=lambda row: -max(row["host"], row["device"]))


if __name__ == "__main__":
    sys.exit(answer("profiling", profiled))
