"""Tries batch sizes with real training steps: `python -m trainers.batch_size < request`, one JSON line for each size.

A request has `trainer`, its `config`, a `device`, `threads`, `sizes` to try one after the other, and `memory`, the
bytes that a device whose memory is that of the host may take. Each answer says whether the `size` `fits`, with the
`seconds` of a step, or `why` not: `memory` is true where that ran out, and false where the trainer refuses the size,
because there are not so many rows for example. After a size that does not fit the process ends, so that nothing is
left of what had been allocated.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from itertools import islice
from typing import Any

import torch

from trainers.building import batches_of, build_task, stepping
from trainers.child import Answer
from trainers.contract import InputError

STEPS = 3  # measured ones, after one that allocates, compiles and chooses kernels
# How libraries say that memory is out where they do not raise `torch.OutOfMemoryError` or `MemoryError`.
WORDS = (
    "out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc", "not enough memory",
    "cublas_status_alloc_failed", "cudnn_status_alloc_failed", "resource_exhausted", "failed to map segment",
)  # fmt: skip
FIRST_TO_GO = "1000"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is out: that of PyTorch on any device, of cuBLAS, of XLA or of the host."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError | OSError | ImportError) and any(word in str(error).lower() for word in WORDS)


def try_size(request: Mapping[str, Any], size: int) -> Answer:
    """Some training steps with batches of this size. Raises `InputError` for what is wrong at any size."""
    config = {**request["config"], "batch_size": size}
    try:
        task, device = build_task({**request, "config": config})
    except InputError as error:
        if f"batch_size = {size} " in str(error):
            return {"size": size, "fits": False, "memory": False, "why": str(error)}
        raise
    task.model.train()
    make_step = stepping(task, device)
    with closing(batches_of(task)) as batches:
        began = 0.0
        for batch in islice(batches, STEPS + 1):
            device.read([make_step(batch)])
            began = began or time.monotonic()
        seconds = (time.monotonic() - began) / STEPS
    del task, batch, make_step
    gc.collect()
    device.free()
    return {"size": size, "fits": True, "seconds": seconds, "device": device.describe()}


def answer_for(request: Mapping[str, Any], size: int) -> Answer:
    """`try_size`, where memory that is out is an answer as well."""
    try:
        return try_size(request, size)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        why = " ".join(str(error).split())[:200] or "no memory left"
        return {"size": size, "fits": False, "memory": True, "why": why}


def _go_first() -> None:
    """When the machine has no memory left, this process is the one to be ended."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 - not a file
        score.write(FIRST_TO_GO)


def main() -> int:
    """Answers the request line by line. Returns 0, or 2 with one line on standard error."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        request = json.load(sys.stdin)
        _go_first()
        try:
            for size in request["sizes"]:
                found = answer_for(request, size)
                print(json.dumps(found), file=out, flush=True)
                if not found["fits"]:
                    break
        except InputError as error:
            print(f"batch_size: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
