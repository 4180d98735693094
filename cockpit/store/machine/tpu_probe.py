"""What libtpu tells of the chips of this machine, as one line of JSON: `python -m cockpit.store.machine.tpu_probe`.

A program of its own, because a library that fits neither chips nor interpreter may end the process that loads it. It
only reads the numbers that a running workload publishes; the chips stay with that workload.

`tpumonitoring.get_metric(name).data()` is a list of texts, one for each chip or core:
https://cloud.google.com/tpu/docs/tpu-monitoring-library
"""

from __future__ import annotations

import importlib
import json
from types import ModuleType

METRICS = {"load": "duty_cycle_pct", "memory_used": "hbm_capacity_usage", "memory_total": "hbm_capacity_total"}


def monitoring() -> ModuleType:
    """The part of libtpu that tells. Raises `ImportError`, or what a library that does not fit raises."""
    return importlib.import_module("libtpu.sdk").tpumonitoring  # type: ignore[no-any-return]


def numbers(library: ModuleType, metric: str) -> list[float]:
    """One metric, a number for each chip or core; empty where it is not told."""
    try:
        return [float(text) for text in library.get_metric(metric).data()]
    except Exception:  # not supported by this version, or no workload runs
        return []


def main() -> None:
    """Print what is known, or why nothing is."""
    try:
        library = monitoring()
    except Exception as error:
        print(json.dumps({"trouble": f"{type(error).__name__}: {error}"}))
        return
    print(json.dumps({name: numbers(library, metric) for name, metric in METRICS.items()}))


if __name__ == "__main__":
    main()
