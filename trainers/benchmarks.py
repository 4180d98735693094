"""Measures what training rests on, each for about a second: `python -m trainers.benchmarks < request > answer`.

A request has a `device` and `threads`, and the `trainer` whose loader is tried with so many `workers`, one after the
other. The answer has the `device` in words and `rows`: `what` was measured, its `value` and `unit`, and what to know
about it in `how`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from trainers.building import batches_of, build_task
from trainers.child import Answer, answer
from trainers.devices.base import Device
from trainers.devices.select import select

SECONDS = 0.5  # of each measurement
LONG_ENOUGH = 0.02  # seconds of one product: what the host takes to begin it does not count then
SMALLEST, LARGEST = 256, 8192  # rows and columns of matrices
COPIED = 64 << 20  # bytes, more than caches hold
LOADED = 200  # batches at most


def measured(request: Mapping[str, Any]) -> Answer:
    """What a request asks for. Raises `InputError` for a device that is not there."""
    device = select(request["device"])
    device.setup(threads=request["threads"])
    rows = [*_products(device), *_copies(device)]
    for workers in request["workers"]:
        rows.append(_loader(request, workers))
    return {"device": device.describe(), "rows": rows}


def _products(device: Device) -> Iterator[Answer]:
    """Square matrix products, 2 n³ operations each, in float32 as training has it and in bfloat16."""
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        size, seconds = SMALLEST, 0.0
        while True:
            left, right = (torch.randn(size, size, device=device.torch_device, dtype=dtype) for _ in range(2))
            seconds = _seconds(partial(torch.mm, left, right), device, rounds=3)
            if seconds >= LONG_ENOUGH or size >= LARGEST:
                break
            size *= 2
        seconds = min(seconds, _seconds(partial(torch.mm, left, right), device))
        yield _row(
            f"matrix product {name}", 2 * size**3 / seconds / 1e12, "TFLOP/s", f"{size} × {size}, {_sums(dtype)}"
        )


def _sums(dtype: torch.dtype) -> str:
    """In which precision products are really taken."""
    return f"float32, precision {torch.get_float32_matmul_precision()}" if dtype == torch.float32 else "bfloat16"


def _copies(device: Device) -> Iterator[Answer]:
    """Bytes copied a second, to the device from either kind of host memory, and within its own."""
    count = COPIED // 4
    here = torch.randn(count)
    where = device.torch_device
    if where.type != here.device.type:
        hosts = {"pageable": here}
        with suppress(RuntimeError):  # memory that cannot be pinned is no reason to measure nothing
            hosts["pinned"] = here.pin_memory()
        for name, host in hosts.items():
            seconds = _seconds(partial(host.to, where, non_blocking=True), device)
            yield _row("copy to device", COPIED / seconds / 1e9, "GB/s", f"64 MiB, {name} host memory")
    source = here.to(where)
    target = torch.empty_like(source)
    seconds = _seconds(partial(target.copy_, source), device)
    yield _row("memory", 2 * COPIED / seconds / 1e9, "GB/s", "64 MiB copied, read and written")


def _seconds(work: Callable[[], Tensor], device: Device, rounds: int = 0) -> float:
    """Seconds of one piece of work: the fastest of so many rounds, or of as many as fit into the time.

    The fastest, because everything else that the machine does can only make it slower. A round is long enough for what
    it takes to wait for the device not to count.
    """
    once = _round(work, device, 1)
    once = min(once, _round(work, device, 1))
    pieces = max(1, round(LONG_ENOUGH / max(once, 1e-9)))
    found, began = [once], time.perf_counter()
    while len(found) <= rounds if rounds else time.perf_counter() - began < SECONDS:
        found.append(_round(work, device, pieces) / pieces)
    return min(found)


def _round(work: Callable[[], Tensor], device: Device, pieces: int) -> float:
    began = time.perf_counter()
    for _ in range(pieces):
        result = work()
    device.read([result.flatten()[:1]])
    return time.perf_counter() - began


def _loader(request: Mapping[str, Any], workers: int) -> Answer:
    """Rows a second that the trainer's loader gives to somebody who does nothing with them."""
    config = {"num_workers": workers, "seed": 0}
    task, _ = build_task({**request, "config": config})
    rows = int(task.effective["batch_size"] or 1)
    with closing(batches_of(task)) as batches:
        next(batches)  # workers have to start first
        began, taken = time.perf_counter(), 0
        for _ in islice(batches, LOADED):
            taken += 1
            if time.perf_counter() - began >= 2 * SECONDS:
                break
        seconds = time.perf_counter() - began
    name = f"loader, {workers} workers" if workers else "loader, no worker"
    return _row(name, taken * rows / seconds, "rows/s", f"{request['trainer']}, built-in data, batches of {rows}")


def _row(what: str, value: float, unit: str, how: str) -> Answer:
    return {"what": what, "value": value, "unit": unit, "how": how}


if __name__ == "__main__":
    sys.exit(answer("benchmarks", measured))
