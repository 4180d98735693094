"""One name for each GPU, whichever of its names somebody uses."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any


def device_names(ids: Sequence[str], load_library: Callable[[], Any] | None = None) -> dict[str, str]:
    """For each id that CUDA_VISIBLE_DEVICES takes: the UUID of the GPU, so that `0` and `GPU-5f…` count as one.

    The id itself where the driver cannot be asked, and for parts of a GPU (`MIG-…`). Numbers count as the driver's,
    which CUDA numbers alike unless a machine has GPUs of several kinds.
    """
    try:
        uuids = _uuids((load_library or (lambda: importlib.import_module("pynvml")))())
    except Exception:  # no driver, no library, or none that answers
        uuids = []
    return {gpu: _name(gpu, uuids) for gpu in ids}


def _uuids(library: Any) -> list[str]:
    library.nvmlInit()
    try:
        handles = [library.nvmlDeviceGetHandleByIndex(number) for number in range(library.nvmlDeviceGetCount())]
        uuids = [library.nvmlDeviceGetUUID(handle) for handle in handles]
    finally:
        library.nvmlShutdown()
    return [uuid.decode() if isinstance(uuid, bytes) else str(uuid) for uuid in uuids]


def _name(gpu: str, uuids: Sequence[str]) -> str:
    if gpu.isdecimal():
        return uuids[int(gpu)] if int(gpu) < len(uuids) else gpu
    # CUDA takes the beginning of a UUID, too.
    return next((uuid for uuid in uuids if gpu.startswith("GPU-") and uuid.startswith(gpu)), gpu)
